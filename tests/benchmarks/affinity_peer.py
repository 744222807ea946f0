"""The detector's peer, in a process of its own: `python affinity_peer.py FILE` over a JSON list of portfolios.

TF-IDF of characters and words with a linear SVM (scikit-learn), as most would build it; thresholds from the last
15% of training. Prints JSON: for each portfolio scores of genuine posts per account, of misplaced ones, of
outsiders on every account, and the part of genuine posts above its threshold. Runs in an environment of its own,
so it imports nothing of ours."""

# mypy: ignore-errors
# scikit-learn is only in the peer's environment

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC


def main() -> None:
    """Judge every portfolio of the file."""
    portfolios = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps([judged(**portfolio) for portfolio in portfolios]))


def judged(training, test, outsiders):
    """Return the scores of one portfolio; `training` and `test` are texts per account."""
    model = fitted(training)
    texts = [text for own in test for text in own]
    owners = np.repeat(np.arange(len(test)), [len(own) for own in test])
    swaps, _ = suspicions(model, texts)
    own = np.arange(len(test)) == owners[:, None]
    foreign = suspicions(model, outsiders)[1] if outsiders else np.zeros(0)
    cuts = [max(int(0.85 * len(own)), 1) for own in training]
    earlier = fitted([own[:cut] for own, cut in zip(training, cuts, strict=True)])
    later = [own[cut:] for own, cut in zip(training, cuts, strict=True)]
    checked, _ = suspicions(earlier, [text for own in later for text in own])
    places = np.repeat(np.arange(len(later)), [len(own) for own in later])
    limit = np.quantile(checked[np.arange(len(places)), places], 0.98)
    genuine = swaps[own]
    lone = suspicions(model, texts)[1][own]
    return {
        "genuine": genuine.tolist(),
        "misplaced": swaps[~own].tolist(),
        "lone": lone.tolist(),
        "foreign": foreign.ravel().tolist(),
        "alarms": [float((genuine[owners == account] > limit).mean()) for account in range(len(test))],
    }


def fitted(training):
    """Return the pipeline, fitted on texts per account."""
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    signs = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 4), min_df=2)
    model = make_pipeline(make_union(words, signs), LinearSVC())
    owners = [number for number, own in enumerate(training) for _ in own]
    return model.fit([text for own in training for text in own], owners)


def suspicions(model, texts):
    """Return, for texts × accounts, how much better another account fits, and how badly it does itself."""
    scores = model.decision_function(texts)
    if scores.ndim == 1:  # two accounts
        scores = np.stack([-scores, scores], axis=1)
    others = np.stack([np.delete(scores, own, axis=1).max(axis=1) for own in range(scores.shape[1])], axis=1)
    return others - scores, -scores


if __name__ == "__main__":
    main()
