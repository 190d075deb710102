"""Trains the model that MLServer serves here and writes digits.joblib beside this file.

Run it with the Python that runs MLServer: a joblib file belongs to one scikit-learn version.
"""

from pathlib import Path

import joblib
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

SEED = 7


def main() -> None:
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels, labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    forest = RandomForestClassifier(n_estimators=72, random_state=SEED)
    forest.fit(train_x, train_y)
    joblib.dump(forest, Path(__file__).parent / "digits.joblib", compress=3)
    print(f"accuracy {forest.score(test_x, test_y):.4f}")


if __name__ == "__main__":
    main()
