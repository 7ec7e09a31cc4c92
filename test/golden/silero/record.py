"""Records what the published network says about input.wav, frame by frame, under ONNX Runtime.

Usage, in a virtual environment with onnxruntime and numpy:
    python record.py silero_vad.onnx input.wav > probabilities.json
"""
import json
import sys
import wave

import numpy as np
import onnxruntime as ort

FRAME, CONTEXT = 512, 64

session = ort.InferenceSession(sys.argv[1])
with wave.open(sys.argv[2]) as sound:
    assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16000, 1, 2)
    samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float32) / 32768

state = np.zeros((2, 1, 128), np.float32)
context = np.zeros(CONTEXT, np.float32)
probabilities = []
for at in range(0, len(samples) - FRAME + 1, FRAME):
    frame = samples[at : at + FRAME]
    output, state = session.run(
        None,
        {"input": np.concatenate([context, frame])[None], "state": state, "sr": np.array(16000, np.int64)},
    )
    context = frame[-CONTEXT:]
    probabilities.append(float(f"{output[0, 0]:.8f}"))
json.dump({"onnxruntime": ort.__version__, "probabilities": probabilities}, sys.stdout)
print()
