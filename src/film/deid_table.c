#include "film/deid_table.h"

#define PATIENT "identifies the patient"
#define STAFF "names staff"
#define PLACE "names a place or device"
#define ORDER "leads to an order or visit"
#define GRAPHICS "may hold text drawn over the picture"

/* Ascending. */
static const hl_deid_rule rule[] = {
    {HL_TAG(0x0008, 0x0050), HL_DEID_HIGH, ORDER},     /* AccessionNumber */
    {HL_TAG(0x0008, 0x0080), HL_DEID_MEDIUM, PLACE},   /* InstitutionName */
    {HL_TAG(0x0008, 0x0081), HL_DEID_MEDIUM, PLACE},   /* InstitutionAddress */
    {HL_TAG(0x0008, 0x0082), HL_DEID_MEDIUM, PLACE},   /* InstitutionCodeSequence */
    {HL_TAG(0x0008, 0x0090), HL_DEID_HIGH, STAFF},     /* ReferringPhysicianName */
    {HL_TAG(0x0008, 0x0092), HL_DEID_HIGH, STAFF},     /* ReferringPhysicianAddress */
    {HL_TAG(0x0008, 0x0094), HL_DEID_HIGH, STAFF},     /* ReferringPhysicianTelephoneNumbers */
    {HL_TAG(0x0008, 0x1010), HL_DEID_MEDIUM, PLACE},   /* StationName */
    {HL_TAG(0x0008, 0x1040), HL_DEID_MEDIUM, PLACE},   /* InstitutionalDepartmentName */
    {HL_TAG(0x0008, 0x1048), HL_DEID_HIGH, STAFF},     /* PhysiciansOfRecord */
    {HL_TAG(0x0008, 0x1049), HL_DEID_HIGH, STAFF},     /* ... IdentificationSequence */
    {HL_TAG(0x0008, 0x1050), HL_DEID_HIGH, STAFF},     /* PerformingPhysicianName */
    {HL_TAG(0x0008, 0x1060), HL_DEID_HIGH, STAFF},     /* NameOfPhysiciansReadingStudy */
    {HL_TAG(0x0008, 0x1070), HL_DEID_HIGH, STAFF},     /* OperatorsName */
    {HL_TAG(0x0008, 0x1080), HL_DEID_MEDIUM, PATIENT}, /* AdmittingDiagnosesDescription */
    {HL_TAG(0x0010, 0x0010), HL_DEID_HIGH, PATIENT},   /* PatientName */
    {HL_TAG(0x0010, 0x0020), HL_DEID_HIGH, PATIENT},   /* PatientID */
    {HL_TAG(0x0010, 0x0030), HL_DEID_HIGH, PATIENT},   /* PatientBirthDate */
    {HL_TAG(0x0010, 0x0032), HL_DEID_HIGH, PATIENT},   /* PatientBirthTime */
    {HL_TAG(0x0010, 0x1000), HL_DEID_HIGH, PATIENT},   /* OtherPatientIDs */
    {HL_TAG(0x0010, 0x1001), HL_DEID_HIGH, PATIENT},   /* OtherPatientNames */
    {HL_TAG(0x0010, 0x1002), HL_DEID_HIGH, PATIENT},   /* OtherPatientIDsSequence */
    {HL_TAG(0x0010, 0x1005), HL_DEID_HIGH, PATIENT},   /* PatientBirthName */
    {HL_TAG(0x0010, 0x1040), HL_DEID_HIGH, PATIENT},   /* PatientAddress */
    {HL_TAG(0x0010, 0x1060), HL_DEID_HIGH, PATIENT},   /* PatientMotherBirthName */
    {HL_TAG(0x0010, 0x1080), HL_DEID_HIGH, PATIENT},   /* MilitaryRank */
    {HL_TAG(0x0010, 0x1090), HL_DEID_HIGH, PATIENT},   /* MedicalRecordLocator */
    {HL_TAG(0x0010, 0x2150), HL_DEID_HIGH, PATIENT},   /* CountryOfResidence */
    {HL_TAG(0x0010, 0x2154), HL_DEID_HIGH, PATIENT},   /* PatientTelephoneNumbers */
    {HL_TAG(0x0010, 0x2160), HL_DEID_HIGH, PATIENT},   /* EthnicGroup */
    {HL_TAG(0x0010, 0x2180), HL_DEID_HIGH, PATIENT},   /* Occupation */
    {HL_TAG(0x0010, 0x21B0), HL_DEID_HIGH, PATIENT},   /* AdditionalPatientHistory */
    {HL_TAG(0x0010, 0x21F0), HL_DEID_HIGH, PATIENT},   /* PatientReligiousPreference */
    {HL_TAG(0x0010, 0x4000), HL_DEID_HIGH, PATIENT},   /* PatientComments */
    {HL_TAG(0x0018, 0x1000), HL_DEID_MEDIUM, PLACE},   /* DeviceSerialNumber */
    {HL_TAG(0x0018, 0x1002), HL_DEID_MEDIUM, PLACE},   /* DeviceUID */
    {HL_TAG(0x0018, 0x700A), HL_DEID_MEDIUM, PLACE},   /* DetectorID */
    {HL_TAG(0x0020, 0x0010), HL_DEID_MEDIUM, ORDER},   /* StudyID */
    {HL_TAG(0x0020, 0x4000), HL_DEID_MEDIUM, PATIENT}, /* ImageComments */
    {HL_TAG(0x0032, 0x1032), HL_DEID_HIGH, STAFF},     /* RequestingPhysician */
    {HL_TAG(0x0032, 0x1033), HL_DEID_MEDIUM, PLACE},   /* RequestingService */
    {HL_TAG(0x0038, 0x0010), HL_DEID_HIGH, ORDER},     /* AdmissionID */
    {HL_TAG(0x0038, 0x0300), HL_DEID_MEDIUM, PLACE},   /* CurrentPatientLocation */
    {HL_TAG(0x0038, 0x0500), HL_DEID_MEDIUM, PATIENT}, /* PatientState */
    {HL_TAG(0x0040, 0x0006), HL_DEID_HIGH, STAFF},     /* ScheduledPerformingPhysicianName */
    {HL_TAG(0x0040, 0x0241), HL_DEID_MEDIUM, PLACE},   /* PerformedStationAETitle */
    {HL_TAG(0x0040, 0x0242), HL_DEID_MEDIUM, PLACE},   /* PerformedStationName */
    {HL_TAG(0x0040, 0x0243), HL_DEID_MEDIUM, PLACE},   /* PerformedLocation */
    {HL_TAG(0x0040, 0x0253), HL_DEID_MEDIUM, ORDER},   /* PerformedProcedureStepID */
    {HL_TAG(0x0040, 0x0275), HL_DEID_MEDIUM, ORDER},   /* RequestAttributesSequence */
    {HL_TAG(0x0040, 0x1001), HL_DEID_MEDIUM, ORDER},   /* RequestedProcedureID */
    {HL_TAG(0x0040, 0x2016), HL_DEID_HIGH, ORDER},     /* PlacerOrderNumber... */
    {HL_TAG(0x0040, 0x2017), HL_DEID_HIGH, ORDER},     /* FillerOrderNumber... */
    {HL_TAG(0x0040, 0xA075), HL_DEID_HIGH, STAFF},     /* VerifyingObserverName */
    {HL_TAG(0x0040, 0xA123), HL_DEID_HIGH, STAFF},     /* PersonName */
    {HL_TAG(0x0040, 0xA730), HL_DEID_MEDIUM, PATIENT}, /* ContentSequence */
    {HL_TAG(0x0042, 0x0011), HL_DEID_HIGH, "holds a document"}, /* EncapsulatedDocument */
    {HL_TAG(0x0070, 0x0001), HL_DEID_HIGH, GRAPHICS},           /* GraphicAnnotationSequence */
    {HL_TAG(0x0088, 0x0140), HL_DEID_MEDIUM, ORDER},            /* StorageMediaFileSetUID */
    {HL_TAG(0x0088, 0x0200), HL_DEID_HIGH, "holds a small picture of its own"}, /* IconImage... */
    {HL_TAG(0x0400, 0x0561), HL_DEID_HIGH, "keeps the values from before a change"},
};

const hl_deid_rule *hl_deid_rule_of(uint32_t tag)
{
    static const hl_deid_rule overlay = {0, HL_DEID_HIGH, GRAPHICS},
                              curve = {0, HL_DEID_HIGH, "may hold a drawn curve"},
                              retired = {0, HL_DEID_HIGH,
                                         "holds an interpretation (retired group)"};
    uint32_t group = tag >> 16, element = tag & 0xFFFF;
    size_t low = 0, high = sizeof rule / sizeof *rule;

    if ((group & 0xFF01) == 0x6000)
        return element == 0x3000 || element == 0x0022 || element == 0x1500 || element == 0x4000
                   ? &overlay
                   : NULL;
    if ((group & 0xFF01) == 0x5000)
        return &curve;
    if (group == 0x4008)
        return &retired;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (rule[mid].tag < tag)
            low = mid + 1;
        else
            high = mid;
    }
    return low < sizeof rule / sizeof *rule && rule[low].tag == tag ? &rule[low] : NULL;
}

bool hl_deid_is_free_text(const hl_dicom_element *e)
{
    static const char vr[][3] = {"LO", "SH", "LT", "ST", "UT", "UC"};

    /* CodeValue, CodingSchemeDesignator and -Version: numbers of dictionaries, not of people */
    if (e->tag >= HL_TAG(0x0008, 0x0100) && e->tag <= HL_TAG(0x0008, 0x0103))
        return false;
    for (size_t i = 0; i < sizeof vr / sizeof *vr; i++)
        if (strcmp(e->vr, vr[i]) == 0)
            return true;
    return false;
}

bool hl_deid_is_date(const hl_dicom_element *e)
{
    return strcmp(e->vr, "DA") == 0 || strcmp(e->vr, "DT") == 0;
}

bool hl_deid_is_uid(uint32_t tag)
{
    static const uint32_t uid[] = {HL_TAG(0x0002, 0x0003),   HL_TAG_SOPInstanceUID,
                                   HL_TAG(0x0008, 0x1155),   HL_TAG_StudyInstanceUID,
                                   HL_TAG_SeriesInstanceUID, HL_TAG(0x0020, 0x0052)};

    for (size_t i = 0; i < sizeof uid / sizeof *uid; i++)
        if (uid[i] == tag)
            return true;
    return false;
}

const char *hl_deid_tag_reason(uint32_t tag)
{
    const hl_deid_rule *r = hl_deid_rule_of(tag);
    return r ? r->reason : NULL;
}
