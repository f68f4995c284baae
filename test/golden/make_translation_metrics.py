"""BLEU and chrF by sacreBLEU itself, on random texts.

    python make_translation_metrics.py
"""

import sacrebleu
from common import Draw, write
from sacrebleu.metrics import BLEU, CHRF

WORDS = ["the", "cat", "sat", "on", "mat", "a", "dog,", "ran", "나는", "학교에", "갔다", "Grüße", "über", "x", "😀"]


def sentence(rng, low, high):
    return " ".join(rng.choice(WORDS, rng.integers(low, high + 1)))


def near(rng, text, rate):
    words = [w for w in text.split() if rng.random() > rate / 2]
    return " ".join(rng.choice(WORDS) if rng.random() < rate else w for w in words)


def case(name, count, low, high, rate, references):
    rng = Draw(name).rng
    refs = [[sentence(rng, low, high) for _ in range(references)] for _ in range(count)]
    hypotheses = [near(rng, r[rng.integers(references)], rate) for r in refs]
    streams = [list(stream) for stream in zip(*refs)]
    results = {}
    for smoothing, method in (("exp", "exp"), ("none", "none")):
        b = BLEU(tokenize="none", smooth_method=method).corpus_score(hypotheses, streams)
        results[smoothing] = {
            "score": b.score, "precisions": b.precisions, "brevityPenalty": b.bp, "hypotheses": b.sys_len, "references": b.ref_len
        }  # fmt: skip
    chrf = [CHRF(char_order=o, beta=b).corpus_score(hypotheses, streams[:1]).score for o, b in ((6, 2), (3, 1))]
    return {"name": name, "hypotheses": hypotheses, "references": refs, "bleu": results, "chrF": chrf}


def main():
    cases = [
        case("near", 8, 5, 12, 0.15, 1),
        case("far", 6, 4, 9, 0.7, 1),
        case("short-texts", 5, 1, 4, 0.3, 1),
        case("several-references", 6, 4, 10, 0.3, 3),
        case("one-word", 3, 1, 1, 0.2, 1),
        case("nothing-in-common", 4, 3, 6, 1.0, 1),
    ]
    for name, hypotheses, refs in [
        ("exact", ["a b c d e", "f g h i"], [["a b c d e"], ["f g h i"]]),
        ("empty-hypothesis", ["", "a b c d"], [["x y"], ["a b c d"]]),
        ("longer", ["a b c d e f g h"], [["a b c d"]]),
    ]:
        streams = [list(s) for s in zip(*refs)]
        b = {}
        for m in ("exp", "none"):
            s = BLEU(tokenize="none", smooth_method=m).corpus_score(hypotheses, streams)
            b[m] = {"score": s.score, "precisions": s.precisions, "brevityPenalty": s.bp, "hypotheses": s.sys_len, "references": s.ref_len}
        chrf = [CHRF(char_order=o, beta=be).corpus_score(hypotheses, streams).score for o, be in ((6, 2), (3, 1))]
        cases.append({"name": name, "hypotheses": hypotheses, "references": refs, "bleu": b, "chrF": chrf})
    write("translation-metrics.json", {"name": "sacrebleu", "version": sacrebleu.__version__, "script": "make_translation_metrics.py"}, cases)


if __name__ == "__main__":
    main()
