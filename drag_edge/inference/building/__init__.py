"""ONNX file → TensorRT engine for this device, with its sidecar."""
