"""Writes a llama with random weights: it says nothing, but costs what a llama of its size costs.

python tiny_llama.py FILE
"""

import sys

import gguf
import numpy as np

BLOCKS, WIDTH, HEADS, INNER = 4, 256, 4, 688
SEED = 7


def main(path: str) -> None:
    random = np.random.default_rng(SEED)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(2048)
    writer.add_block_count(BLOCKS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    words = vocabulary(writer)

    def weights(name: str, *shape: int) -> None:
        scale = 1 / np.sqrt(shape[-1])
        writer.add_tensor(name, random.normal(0, scale, shape).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(WIDTH, np.float32))

    weights("token_embd.weight", words, WIDTH)
    for i in range(BLOCKS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{i}.{part}.weight", WIDTH, WIDTH)
        weights(f"blk.{i}.ffn_gate.weight", INNER, WIDTH)
        weights(f"blk.{i}.ffn_up.weight", INNER, WIDTH)
        weights(f"blk.{i}.ffn_down.weight", WIDTH, INNER)
        ones(f"blk.{i}.attn_norm.weight")
        ones(f"blk.{i}.ffn_norm.weight")
    ones("output_norm.weight")
    weights("output.weight", words, WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary(writer: gguf.GGUFWriter) -> int:
    """Three control tokens, the 256 bytes, and letters: enough for any text."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [(letter, kinds.NORMAL) for letter in "\u2581abcdefghijklmnopqrstuvwxyz"]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    return len(tokens)


main(sys.argv[1])
