"""Names by a linear CRF (python-crfsuite) with the usual features of words. Usage: names.py FOLDER"""

import sys
import time
from pathlib import Path

import pycrfsuite


def read(part):
    for block in (Path(sys.argv[1]) / f"names-{part}.conll").read_text().strip().split("\n\n"):
        words, tags = zip(*(line.split("\t") for line in block.split("\n")))
        yield list(words), list(tags)


def features(words, t):
    word = words[t]
    shape = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in word)
    own = ["bias", f"word={word}", f"shape={shape}"]
    own += [f"prefix={word[:n]}" for n in (2, 3, 4)] + [f"suffix={word[-n:]}" for n in (2, 3, 4)]
    for at in (-2, -1, 1, 2):
        near = words[t + at] if 0 <= t + at < len(words) else "edge"
        own.append(f"{at}:word={near}")
    before = words[t - 1] if t > 0 else "edge"
    after = words[t + 1] if t + 1 < len(words) else "edge"
    return [*own, f"pair={before} {word}", f"pair+={word} {after}"]


def spans(tags):
    """Begin and end of each name."""
    found, begin = set(), None
    for t, tag in enumerate([*tags, "O"]):
        if begin is not None and tag[0] != "I":
            found.add((begin, t))
            begin = None
        if tag[0] == "B" or (tag[0] == "I" and begin is None):
            begin = t
    return found


begin = time.process_time()
trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
trainer.set_params({"c1": 0.1, "c2": 0.1, "max_iterations": 50, "feature.possible_transitions": True})
for words, tags in read("train"):
    trainer.append([features(words, t) for t in range(len(words))], tags)
trainer.train("/tmp/names.crfsuite")
seconds = time.process_time() - begin
tagger = pycrfsuite.Tagger()
tagger.open("/tmp/names.crfsuite")
right = found = actual = 0
for words, tags in read("test"):
    answer, truth = spans(tagger.tag([features(words, t) for t in range(len(words))])), spans(tags)
    right, found, actual = right + len(answer & truth), found + len(answer), actual + len(truth)
precision, recall = right / found, right / actual
f1 = 2 * precision * recall / (precision + recall)
print(f"linear CRF: F1 {f1:.4f}, precision {precision:.4f}, recall {recall:.4f}, {seconds:.0f} s")
