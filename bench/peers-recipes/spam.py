"""Spam by linear models on counts of words. Usage: spam.py FOLDER"""

import json
import sys
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC


def read(part):
    records = [json.loads(line) for line in (Path(sys.argv[1]) / f"spam-{part}.jsonl").open()]
    return [record["text"] for record in records], [record["label"] for record in records]


pairs = {"ngram_range": (1, 2), "sublinear_tf": True}
models = {
    "TF-IDF of words, linear SVM": (TfidfVectorizer(), LinearSVC()),
    "TF-IDF of words and pairs, linear SVM": (TfidfVectorizer(**pairs), LinearSVC()),
    "the same without IDF, C = 10": (TfidfVectorizer(**pairs, use_idf=False), LinearSVC(C=10)),
    "TF-IDF of words and pairs, logistic regression, C = 100": (TfidfVectorizer(**pairs), LogisticRegression(C=100)),
}
texts, labels = read("train")
test_texts, test_labels = read("test")
for name, parts in models.items():
    begin = time.process_time()
    found = make_pipeline(*parts).fit(texts, labels).predict(test_texts)
    seconds = time.process_time() - begin
    f1 = f1_score(test_labels, found, pos_label="spam")
    print(f"{name}: accuracy {accuracy_score(test_labels, found):.4f}, F1 {f1:.4f}, {seconds:.0f} s")
