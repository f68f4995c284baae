"""Digits of MNIST, pixel by pixel. Usage: digits.py FOLDER"""

import sys
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC


def read(part):
    folder = Path(sys.argv[1])
    pixels = np.frombuffer((folder / f"digits-{part}-images-idx3-ubyte").read_bytes()[16:], np.uint8)
    labels = np.frombuffer((folder / f"digits-{part}-labels-idx1-ubyte").read_bytes()[8:], np.uint8)
    return pixels.reshape(-1, 784) / 255, labels


pictures, labels = read("train")
test, truth = read("test")
models = {
    "logistic regression": LogisticRegression(C=0.1, max_iter=300),
    "3 nearest neighbours": KNeighborsClassifier(3),
    "support vectors, RBF kernel": SVC(C=10),
}
for name, model in models.items():
    begin = time.process_time()
    accuracy = model.fit(pictures, labels).score(test, truth)
    print(f"{name}: accuracy {accuracy:.4f}, {time.process_time() - begin:.0f} s", flush=True)
