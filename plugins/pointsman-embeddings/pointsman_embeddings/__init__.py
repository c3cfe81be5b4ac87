"""Names the task of a request by similarity to labelled examples; the embedder is a local ONNX model or an endpoint.

The gate `embedding-agreement` is in `pointsman_embeddings.agreement`.
"""

from pointsman_embeddings.policy import POINTSMAN_API, plugin

__all__ = ["POINTSMAN_API", "plugin"]
