#include "synth/labs.h"

#define N(id, label, unit, mean, sd, lo, hi, dec, t, shift, cat) \
    {id, label, "Blood", cat, unit, HL_LAB_NORMAL, mean, sd, lo, hi, dec, t, shift, NULL}
#define G(id, label, unit, median, sd, lo, hi, dec, t, shift, cat) \
    {id, label, "Blood", cat, unit, HL_LAB_LOG, median, sd, lo, hi, dec, t, shift, NULL}
#define UN(id, label, unit, mean, sd, lo, hi, dec) \
    {id, label, "Urine", "Hematology", unit, HL_LAB_NORMAL, mean, sd, lo, hi, dec, -1, 0, NULL}
#define UG(id, label, unit, median, sd, lo, hi, dec) \
    {id, label, "Urine", "Hematology", unit, HL_LAB_LOG, median, sd, lo, hi, dec, -1, 0, NULL}
#define X(id, label, fluid, cat, list) \
    {id, label, fluid, cat, "", HL_LAB_TEXT, 0, 0, 0, 0, 0, -1, 0, list}
#define CHEM "Chemistry"
#define HEM "Hematology"
#define GAS "Blood Gas"

static const char *const text_grade[] = {"NEG", "NEG", "NEG", "TR", "SM", "MOD", "LG", NULL};
static const char *const text_clear[] = {"Clear", "Clear", "Hazy", "Cloudy", NULL};
static const char *const text_colour[] = {"Yellow", "Yellow", "Straw", "Amber", NULL};
static const char *const text_count[] = {"NONE", "FEW", "OCC", "MOD", "MANY", NULL};
static const char *const text_cells[] = {"NORMAL", "NORMAL", "1+", "2+", "OCCASIONAL", NULL};
static const char *const text_specimen[] = {"ART", "VEN", "CENTRAL VENOUS", "MIX", NULL};
static const char *const text_tube[] = {"NOT INTUBATED", "INTUBATED", NULL};
static const char *const text_sign[] = {"NEG", "NEG", "NEG", "POS", NULL};

/*
 * Centres, spreads and reference ranges are round figures of general medical knowledge for hospital
 * patients; nothing is taken from a patient. Item ids and labels are those of MIMIC-IV.
 * The first 50 are the recipe's (symile.md 2.8), same order. Values of the derived ones (labs.c) are
 * computed; their centres serve as documentation.
 */
const hl_synth_lab_item hl_synth_lab_items[] = {
    N(51221, "Hematocrit", "%", 33, 5, 36, 48, 1, 1, -0.9, HEM),
    G(51265, "Platelet Count", "K/uL", 210, 0.42, 150, 440, 0, -1, 0, HEM),
    G(50912, "Creatinine", "mg/dL", 1.2, 0.45, 0.4, 1.2, 1, 0, 1.3, CHEM),
    N(50971, "Potassium", "mEq/L", 4.25, 0.5, 3.3, 5.1, 1, 0, 0.9, CHEM),
    N(51222, "Hemoglobin", "g/dL", 11, 1.7, 12, 16, 1, 1, -1.2, HEM),
    G(51301, "White Blood Cells", "K/uL", 9.2, 0.40, 4, 11, 1, 2, 1.1, HEM),
    N(51249, "MCHC", "%", 33, 1.2, 31, 35, 1, -1, 0, HEM),
    N(51279, "Red Blood Cells", "m/uL", 3.7, 0.6, 4.2, 5.4, 2, 1, -0.9, HEM),
    N(51250, "MCV", "fL", 90, 5.5, 82, 98, 0, 1, -0.4, HEM),
    N(51248, "MCH", "pg", 30, 2.2, 27, 32, 1, -1, 0, HEM),
    G(51277, "RDW", "%", 14.6, 0.11, 10.5, 15.5, 1, 1, 1.0, HEM),
    G(51006, "Urea Nitrogen", "mg/dL", 23, 0.50, 6, 20, 0, 0, 1.3, CHEM),
    N(50983, "Sodium", "mEq/L", 138.4, 3.6, 133, 145, 0, -1, 0, CHEM),
    N(50902, "Chloride", "mEq/L", 102.5, 4.0, 96, 108, 0, -1, 0, CHEM),
    N(50882, "Bicarbonate", "mEq/L", 24.6, 3.2, 22, 32, 0, 0, -0.7, CHEM),
    N(50868, "Anion Gap", "mEq/L", 14, 3, 8, 20, 0, -1, 0, CHEM),
    G(50931, "Glucose", "mg/dL", 122, 0.30, 70, 105, 0, -1, 0, CHEM),
    N(50960, "Magnesium", "mg/dL", 2.0, 0.25, 1.6, 2.6, 1, 0, 0.3, CHEM),
    N(50893, "Calcium, Total", "mg/dL", 8.7, 0.6, 8.4, 10.3, 1, -1, 0, CHEM),
    N(50970, "Phosphate", "mg/dL", 3.6, 0.8, 2.7, 4.5, 1, 0, 0.9, CHEM),
    G(51237, "INR(PT)", "", 1.2, 0.20, 0.9, 1.1, 1, -1, 0, HEM),
    G(51274, "PT", "sec", 13.6, 0.20, 9.4, 12.5, 1, -1, 0, HEM),
    G(51275, "PTT", "sec", 31, 0.28, 25, 36.5, 1, -1, 0, HEM),
    G(51146, "Basophils", "%", 0.4, 0.5, 0, 2, 1, -1, 0, HEM),
    N(51256, "Neutrophils", "%", 72, 8, 50, 70, 1, 2, 0.9, HEM),
    N(51254, "Monocytes", "%", 6.5, 2, 2, 11, 1, -1, 0, HEM),
    G(51200, "Eosinophils", "%", 1.5, 0.7, 0, 4, 1, 2, -0.4, HEM),
    N(51244, "Lymphocytes", "%", 18, 7, 18, 42, 1, 2, -0.9, HEM),
    N(52172, "RDW-SD", "fL", 47.5, 5, 35.1, 46.3, 1, 1, 0.8, HEM),
    G(50934, "H", "", 12, 0.8, 0, 0, 0, -1, 0, CHEM),
    G(51678, "L", "", 9, 0.5, 0, 0, 0, -1, 0, CHEM),
    G(50947, "I", "", 2, 0.5, 0, 0, 0, -1, 0, CHEM),
    G(50861, "Alanine Aminotransferase (ALT)", "IU/L", 26, 0.7, 0, 40, 0, -1, 0, CHEM),
    G(50878, "Asparate Aminotransferase (AST)", "IU/L", 31, 0.65, 0, 40, 0, -1, 0, CHEM),
    G(50813, "Lactate", "mmol/L", 1.7, 0.42, 0.5, 2, 1, 2, 0.6, GAS),
    G(50863, "Alkaline Phosphatase", "IU/L", 88, 0.45, 40, 130, 0, -1, 0, CHEM),
    G(50885, "Bilirubin, Total", "mg/dL", 0.7, 0.65, 0, 1.5, 1, -1, 0, CHEM),
    N(50820, "pH", "units", 7.385, 0.06, 7.35, 7.45, 2, -1, 0, GAS),
    N(50862, "Albumin", "g/dL", 3.5, 0.55, 3.5, 5.2, 1, 2, -0.5, CHEM),
    N(50802, "Base Excess", "mEq/L", 0, 4, 0, 0, 0, -1, 0, GAS),
    G(50821, "pO2", "mm Hg", 96, 0.48, 85, 105, 0, -1, 0, GAS),
    N(50804, "Calculated Total CO2", "mEq/L", 26, 4.5, 21, 30, 0, -1, 0, GAS),
    G(50818, "pCO2", "mm Hg", 41, 0.20, 35, 45, 0, -1, 0, GAS),
    G(52075, "Absolute Neutrophil Count", "K/uL", 6.5, 0.5, 1.6, 6.1, 2, 2, 1.1, HEM),
    G(52073, "Absolute Eosinophil Count", "K/uL", 0.13, 0.8, 0.04, 0.54, 2, -1, 0, HEM),
    G(52074, "Absolute Monocyte Count", "K/uL", 0.6, 0.5, 0.2, 0.8, 2, -1, 0, HEM),
    G(52069, "Absolute Basophil Count", "K/uL", 0.04, 0.5, 0.01, 0.08, 2, -1, 0, HEM),
    G(51133, "Absolute Lymphocyte Count", "K/uL", 1.5, 0.5, 1.2, 3.7, 2, -1, 0, HEM),
    G(50910, "Creatine Kinase (CK)", "IU/L", 95, 0.85, 29, 201, 0, -1, 0, CHEM),
    G(52135, "Immature Granulocytes", "%", 0.6, 0.55, 0, 0.6, 1, 2, 0.7, HEM),
    /* Not in the recipe: blood gas and whole blood. */
    X(50800, "SPECIMEN TYPE", "BLOOD", GAS, text_specimen),
    X(50812, "Intubated", "Blood", GAS, text_tube),
    N(50806, "Chloride, Whole Blood", "mEq/L", 104, 4, 96, 108, 0, -1, 0, GAS),
    N(50808, "Free Calcium", "mmol/L", 1.14, 0.07, 1.12, 1.32, 2, -1, 0, GAS),
    G(50809, "Glucose", "mg/dL", 128, 0.3, 70, 105, 0, -1, 0, GAS),
    N(50810, "Hematocrit, Calculated", "%", 32, 5, 0, 0, 0, 1, -0.9, GAS),
    N(50811, "Hemoglobin", "g/dL", 10.7, 1.7, 12, 18, 1, 1, -1.0, GAS),
    G(50816, "Oxygen", "%", 50, 0.3, 0, 0, 0, -1, 0, GAS),
    N(50817, "Oxygen Saturation", "%", 95, 2, 0, 0, 0, -1, 0, GAS),
    N(50822, "Potassium, Whole Blood", "mEq/L", 4.2, 0.5, 3.3, 5.1, 1, 0, 0.8, GAS),
    N(50824, "Sodium, Whole Blood", "mEq/L", 137, 3.6, 133, 145, 0, -1, 0, GAS),
    N(50825, "Temperature", "", 37, 0.5, 0, 0, 1, -1, 0, GAS),
    /* Chemistry. */
    N(50852, "% Hemoglobin A1c", "%", 6.3, 1, 4.2, 5.8, 1, -1, 0, CHEM),
    G(50867, "Amylase", "IU/L", 58, 0.5, 0, 100, 0, -1, 0, CHEM),
    G(50889, "C-Reactive Protein", "mg/L", 22, 1.1, 0, 5, 1, 2, 0.9, CHEM),
    N(50904, "Cholesterol, HDL", "mg/dL", 46, 13, 0, 0, 0, -1, 0, CHEM),
    N(50905, "Cholesterol, LDL, Calculated", "mg/dL", 88, 30, 0, 129, 0, -1, 0, CHEM),
    N(50907, "Cholesterol, Total", "mg/dL", 160, 38, 0, 199, 0, -1, 0, CHEM),
    N(50909, "Cortisol", "ug/dL", 16, 6, 2, 20, 1, -1, 0, CHEM),
    G(50911, "Creatine Kinase, MB Isoenzyme", "ng/mL", 3.5, 0.6, 0, 10, 0, -1, 0, CHEM),
    G(50924, "Ferritin", "ng/mL", 210, 0.9, 30, 400, 0, 2, 0.3, CHEM),
    N(50925, "Folate", "ng/mL", 12, 4, 2, 20, 1, -1, 0, CHEM),
    G(50927, "Gamma Glutamyltransferase", "IU/L", 55, 0.8, 8, 61, 0, -1, 0, CHEM),
    N(50930, "Globulin", "g/dL", 2.9, 0.6, 2, 3.5, 1, -1, 0, CHEM),
    G(50952, "Iron", "ug/dL", 50, 0.6, 45, 160, 0, 1, -0.6, CHEM),
    N(50953, "Iron Binding Capacity, Total", "ug/dL", 255, 60, 260, 470, 0, -1, 0, CHEM),
    G(50954, "Lactate Dehydrogenase (LD)", "IU/L", 230, 0.4, 94, 250, 0, -1, 0, CHEM),
    G(50956, "Lipase", "IU/L", 30, 0.6, 0, 60, 0, -1, 0, CHEM),
    G(50963, "NTproBNP", "pg/mL", 1500, 1.2, 0, 376, 0, -1, 0, CHEM),
    N(50964, "Osmolality, Measured", "mOsm/kg", 293, 11, 275, 310, 0, 0, 0.5, CHEM),
    N(50976, "Protein, Total", "g/dL", 6.4, 0.7, 6.4, 8.3, 1, -1, 0, CHEM),
    G(50993, "Thyroid Stimulating Hormone", "uIU/mL", 1.9, 0.6, 0.27, 4.2, 2, -1, 0, CHEM),
    N(50995, "Thyroxine (T4), Free", "ng/dL", 1.2, 0.2, 0.93, 1.7, 2, -1, 0, CHEM),
    N(50998, "Transferrin", "mg/dL", 196, 45, 200, 360, 0, -1, 0, CHEM),
    G(51000, "Triglycerides", "mg/dL", 118, 0.45, 0, 149, 0, -1, 0, CHEM),
    G(51003, "Troponin T", "ng/mL", 0.03, 1.0, 0, 0.01, 2, -1, 0, CHEM),
    N(51007, "Uric Acid", "mg/dL", 6, 1.8, 3.4, 7, 1, 0, 0.5, CHEM),
    N(51009, "Vancomycin", "ug/mL", 16, 5, 10, 20, 1, -1, 0, CHEM),
    G(51010, "Vitamin B12", "pg/mL", 560, 0.5, 240, 900, 0, -1, 0, CHEM),
    /* Haematology. */
    X(51137, "Anisocytosis", "Blood", HEM, text_cells),
    N(51143, "Atypical Lymphocytes", "%", 0.5, 0.5, 0, 0, 0, -1, 0, HEM),
    N(51144, "Bands", "%", 1.5, 1.5, 0, 5, 0, 2, 0.8, HEM),
    N(51214, "Fibrinogen, Functional", "mg/dL", 370, 130, 180, 400, 0, -1, 0, HEM),
    X(51233, "Hypochromia", "Blood", HEM, text_cells),
    X(51246, "Macrocytes", "Blood", HEM, text_cells),
    N(51257, "Nucleated Red Cells", "%", 0.2, 0.3, 0, 0, 0, -1, 0, HEM),
    X(51267, "Poikilocytosis", "Blood", HEM, text_cells),
    G(51283, "Reticulocyte Count, Automated", "%", 2.0, 0.5, 0.4, 2, 1, -1, 0, HEM),
    G(51288, "Sedimentation Rate", "mm/hr", 35, 0.7, 0, 20, 0, 2, 0.6, HEM),
    /* Urine. */
    X(51463, "Bacteria", "Urine", HEM, text_count),
    X(51464, "Bilirubin", "Urine", HEM, text_sign),
    X(51466, "Blood", "Urine", HEM, text_grade),
    UG(51476, "Epithelial Cells", "#/hpf", 1, 0.8, 0, 0, 0),
    X(51478, "Glucose", "Urine", HEM, text_grade),
    X(51484, "Ketone", "Urine", HEM, text_grade),
    X(51487, "Nitrite", "Urine", HEM, text_sign),
    UN(51491, "pH", "units", 6, 0.7, 5, 8, 1),
    UG(51493, "RBC", "#/hpf", 3, 1.0, 0, 2, 0),
    UN(51498, "Specific Gravity", "", 1.015, 0.006, 1.001, 1.035, 3),
    X(51506, "Urine Appearance", "Urine", HEM, text_clear),
    X(51508, "Urine Color", "Urine", HEM, text_colour),
};

_Static_assert(sizeof hl_synth_lab_items / sizeof *hl_synth_lab_items == HL_SYNTH_ITEMS, "items");

/* Ids of the rare items lie above every id of the table. */
#define RARE_FIRST_ID 54001

hl_synth_lab_item hl_synth_lab_item_at(int index, char label[HL_SYNTH_LABEL])
{
    if (index < HL_SYNTH_ITEMS) {
        hl_synth_lab_item item = hl_synth_lab_items[index];
        snprintf(label, HL_SYNTH_LABEL, "%s", item.label);
        return item;
    }
    int n = index - HL_SYNTH_ITEMS;
    static const char *const units[] = {"mg/dL", "ng/mL", "U/L", "%", "umol/L", "titer"};
    static const char *const categories[] = {CHEM, CHEM, HEM, CHEM};
    hl_synth_lab_item item = {
        .itemid = RARE_FIRST_ID + n, .label = label, .fluid = n % 7 == 0 ? "Urine" : "Blood",
        .category = categories[n & 3], .unit = units[n % 6], .kind = HL_LAB_LOG,
        .centre = 1 + n % 97, .spread = 0.4, .low = n % 3 ? 1 + n % 97 / 2 : 0,
        .high = n % 3 ? 2 + 2 * (n % 97) : 0, .decimals = n % 3, .triple = -1,
    };
    snprintf(label, HL_SYNTH_LABEL, "Synthetic Analyte %04d", n + 1);
    return item;
}
