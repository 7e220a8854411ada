"""What the published script does to a film and to an ECG, with Pillow, torchvision and wfdb-python on
one thread; timed like kernels.c.   pack_peer.py films|ecgs LIST PASSES VALUES"""

import sys
import time

import torch
import wfdb
from PIL import Image
from torchvision import transforms

torch.set_num_threads(1)

to_tensor = transforms.Compose([
    transforms.Resize(320),
    transforms.CenterCrop(320),
    transforms.ToTensor(),
    transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
])


def film(path):
    with Image.open(path) as image:
        return to_tensor(image.convert("RGB"))


def ecg(path):
    signal = wfdb.rdrecord(path).p_signal
    low, high = signal.min(), signal.max()
    return torch.tensor(2 * (signal - low) / (high - low) - 1, dtype=torch.float32)


def main():
    kind, list_file, passes, values = sys.argv[1:]
    make = {"films": film, "ecgs": ecg}[kind]
    with open(list_file) as lines:
        paths = lines.read().split("\n")[:-1]
    out = None if values == "-" else open(values, "wb")
    for path in paths:
        tensor = make(path)
        if out:
            out.write(tensor.numpy().tobytes())
    for _ in range(int(passes)):
        cpu, wall = time.process_time(), time.perf_counter()
        for path in paths:
            make(path)
        n = len(paths) / 1000
        print(f"{(time.process_time() - cpu) / n:.4f} {(time.perf_counter() - wall) / n:.4f}")


main()
