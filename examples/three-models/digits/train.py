"""Trains the digits classifier and writes digits.onnx and holdout.json beside this file.

The data is scikit-learn's bundled copy of the UCI handwritten digits: 1,797 images of 8 x 8
pixels with values 0..16. A quarter is held out; a slice of that is kept for the tests.

The forest learns from nine views of each image, shifted by up to a quarter of a pixel each way, and
the server averages its probabilities over the same nine views (views.ts).

Same versions (requirements.txt) and same seed give the same forest.
"""

import json
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SEED = 7
TREES = 24
MIN_SAMPLES_LEAF = 4
SHIFTS = [(down, right) for down in (-0.25, 0, 0.25) for right in (-0.25, 0, 0.25)]
KEPT = 256


def shifted(pixels: np.ndarray, down: float, right: float) -> np.ndarray:
    """Bilinear shift; beyond the edge is white (0)."""
    padded = np.pad(pixels.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    rows = (1 - abs(down)) * padded + abs(down) * np.roll(padded, int(np.sign(down)), axis=1)
    both = (1 - abs(right)) * rows + abs(right) * np.roll(rows, int(np.sign(right)), axis=2)
    return both[:, 1:9, 1:9].reshape(-1, 64)


def views(pixels: np.ndarray) -> list[np.ndarray]:
    return [shifted(pixels, down, right) for down, right in SHIFTS]


def main() -> None:
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        pixels, labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    forest = RandomForestClassifier(
        n_estimators=TREES, min_samples_leaf=MIN_SAMPLES_LEAF, random_state=SEED
    )
    forest.fit(np.concatenate(views(train_x)), np.tile(train_y, len(SHIFTS)))

    # zipmap off: probabilities come as one plain tensor instead of a list of dictionaries.
    model = to_onnx(
        forest,
        initial_types=[("pixels", FloatTensorType([None, 64]))],
        options={id(forest): {"zipmap": False}},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )
    bytes_ = model.SerializeToString()
    (HERE / "digits.onnx").write_bytes(bytes_)

    holdout = {
        "source": "scikit-learn load_digits (UCI Optical Recognition of Handwritten Digits)",
        "pixels": test_x[:KEPT].astype(int).tolist(),
        "labels": test_y[:KEPT].tolist(),
    }
    (HERE / "holdout.json").write_text(json.dumps(holdout, separators=(",", ":")) + "\n")

    averaged = sum(forest.predict_proba(view) for view in views(test_x))
    accuracy = (averaged.argmax(axis=1) == test_y).mean()
    one_view = forest.score(test_x, test_y)
    print(f"{TREES} trees, {len(bytes_):,} bytes, accuracy {accuracy:.4f}, one view {one_view:.4f}")


if __name__ == "__main__":
    main()
