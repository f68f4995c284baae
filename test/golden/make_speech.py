"""Goldens for speech features: log-mel and MFCC by numpy, straight from the formulas -> data/speech.json

Periodic Hann window, numpy's rfft, the triangular filters of torchaudio.functional.melscale_fbanks (mel_scale "htk", norm None), natural
logarithm from 1e-10 on, scipy's orthonormal DCT-II as a matrix.
"""

import numpy as np

from common import Draw, write


def mel_filters(frequencies, bands, low, high):
    mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)
    points = 700 * (10 ** (np.linspace(mel(low), mel(high), bands + 2) / 2595) - 1)
    differences = np.diff(points)
    slopes = points[None, :] - frequencies[:, None]
    down = -slopes[:, :-2] / differences[:-1]
    up = slopes[:, 2:] / differences[1:]
    return np.maximum(0, np.minimum(down, up))


def features(samples, rate, bands, coefficients, window, hop, low, high):
    size, step = int(window * rate + 0.5), int(hop * rate + 0.5)
    n = 1 << (size - 1).bit_length()
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.stack([samples[at : at + size] * hann for at in range(0, len(samples) - size + 1, step)])
    power = np.abs(np.fft.rfft(frames, n)) ** 2
    energy = power @ mel_filters(np.fft.rfftfreq(n, 1 / rate), bands, low, high)
    log_mel = np.log(np.maximum(energy, 1e-10))
    i, b = np.arange(coefficients)[:, None], np.arange(bands)[None, :]
    dct = np.sqrt(2 / bands) * np.cos(np.pi * i * (b + 0.5) / bands)
    dct[0] /= np.sqrt(2)
    return log_mel, log_mel @ dct.T


def case(name, rate, seconds, bands, coefficients, window=0.025, hop=0.01, low=20.0, high=None):
    draw = Draw(name)
    count = int(seconds * rate)
    high = rate / 2 if high is None else high
    time = np.arange(count) / rate
    sound = 0.4 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * 1800 * time) + draw.normal([count], 0.05)
    sound[: count // 5] = 0.0  # silence: the floor of the logarithm
    samples = np.round(sound, 4).astype(np.float32).astype(np.float64)
    log_mel, mfcc = features(samples, rate, bands, coefficients, window, hop, low, high)
    return {
        "name": name, "sampleRate": rate, "bands": bands, "coefficients": coefficients, "windowSeconds": window,
        "hopSeconds": hop, "lowHertz": low, "highHertz": high, "samples": np.round(samples, 4), "logMel": log_mel, "mfcc": mfcc,
    }  # fmt: skip


def main():
    cases = [
        case("speech-8k", 8000, 0.12, 26, 13),
        case("speech-16k-wide", 16000, 0.1, 20, 20, window=0.032, hop=0.016, low=0.0, high=6000.0),
        case("speech-22k", 22050, 0.06, 40, 13),
    ]
    write("speech.json", {"name": "numpy", "version": np.__version__, "script": "make_speech.py"}, cases)


if __name__ == "__main__":
    main()
