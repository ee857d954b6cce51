"""GPT-2 by transformers, as published checkpoints have it besides: untied and in shards; of an older version, from DataParallel."""
import json
from pathlib import Path
import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel


def make(folder, write, **fields):
    torch.manual_seed(12)
    sizes = dict(vocab_size=13, n_positions=16, n_embd=12, n_layer=2, n_head=3, bos_token_id=0, eos_token_id=1)
    network = GPT2LMHeadModel(GPT2Config(**sizes, **fields)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    Path(folder).mkdir(exist_ok=True)
    write(network, Path(folder))
    ids = torch.randint(0, 13, (2, 16))
    save_file({"ids": ids, "logits_f64": network.double()(ids).logits.detach()}, f"{folder}/io.safetensors")


def older(network, folder):
    network.config.save_pretrained(folder)
    names = [f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2)]
    tensors = {f"module.{key}": value.clone() for key, value in network.state_dict().items()}
    shard = {key: names[i % 2] for i, key in enumerate(tensors)}
    for name in names:
        torch.save({key: tensors[key] for key in tensors if shard[key] == name}, folder / name)
    index = {"metadata": {"total_size": 1}, "weight_map": shard}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def shards(network, folder):
    network.save_pretrained(folder, max_shard_size="6KB")


make("gpt2-untied", shards, tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True, activation_function="relu", n_inner=20)
make("gpt2-older", older, scale_attn_weights=False, activation_function="tanh")
