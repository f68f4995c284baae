"""Dates by rules, and by the nearest pair of the training. Usage: dates.py FOLDER"""

import sys
import time
from datetime import datetime
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

FORMS = ["%A, %B %d, %Y", "%B %d, %Y", "%b %d, %Y", "%A, %d %B %Y", "%A %d %B %Y", "%d %B %Y", "%d %b %Y"]
WEEKDAYS = "월화수목금토일"


def by_rule(text):
    for form in FORMS:
        try:
            day = datetime.strptime(text.replace("Sept ", "Sep "), form)
        except ValueError:
            continue
        weekday = f" {WEEKDAYS[day.weekday()]}요일" if "%A" in form else ""
        return f"{day.year}년 {day.month}월 {day.day}일{weekday}"
    return ""


def read(part):
    lines = (Path(sys.argv[1]) / f"dates-ko-{part}.tsv").read_text().strip().split("\n")
    return zip(*(line.split("\t") for line in lines))


sources, targets = read("train")
questions, truth = read("test")
share = lambda answers: sum(a == b for a, b in zip(answers, truth)) / len(truth)
print(f"rules: {100 * share([by_rule(text) for text in questions]):.1f} % exact")
begin = time.process_time()
vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))
nearest = (vectors.fit_transform(sources) @ vectors.transform(questions).T).toarray().argmax(0)
seconds = time.process_time() - begin
print(f"target of the nearest source: {100 * share([targets[i] for i in nearest]):.1f} % exact, {seconds:.0f} s")
