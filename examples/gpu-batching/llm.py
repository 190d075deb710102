"""A language model with continuous batching: POST /v1/completions streams tokens, GET /health.

A Llama-like decoder with random weights: its text is numbers, its work on the device is real. Each step makes
one token for every sequence that runs, at most SLOTS of them; a new one is read in (prefill) between two steps.
Body: {"prompt": "...", "max_tokens": 64}; always a stream. Settings: PORT, HOST, SLOTS, WIDTH, LAYERS.
"""
import asyncio
import json
import os
import zlib
from collections import deque

import torch
from aiohttp import web
from torch import nn
from torch.nn import functional as F

ON_GPU = torch.cuda.is_available()
DEVICE, TYPE = ('cuda', torch.bfloat16) if ON_GPU else ('cpu', torch.float32)
SLOTS = int(os.environ.get('SLOTS', 64))
WIDTH = int(os.environ.get('WIDTH', 2048 if ON_GPU else 64))
LAYERS = int(os.environ.get('LAYERS', 24 if ON_GPU else 2))
HEAD, WORDS, LONGEST, STEP = 64, 32_768, 1024, 128


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.between = nn.RMSNorm(WIDTH), nn.RMSNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate, self.up = (nn.Linear(WIDTH, 3 * WIDTH, bias=False) for _ in range(2))
        self.down = nn.Linear(3 * WIDTH, WIDTH, bias=False)
        shape = (SLOTS, LONGEST, WIDTH // HEAD, HEAD)
        self.register_buffer('keys', torch.zeros(shape))
        self.register_buffer('values', torch.zeros(shape))

    def forward(self, x, slots, at, seen, turn):
        """`slots`: which rows of the cache; `at`: rows x tokens, where in them; `seen`: the mask over the cache."""
        rows, count, _ = x.shape
        q, k, v = self.qkv(self.before(x)).view(rows, count, 3, -1, HEAD).unbind(2)
        q, k = rotated(q, turn), rotated(k, turn)
        for cache, new in ((self.keys, k), (self.values, v)):
            cache[slots.start:slots.stop].scatter_(1, at[..., None, None].expand_as(new), new)
        length = seen.shape[-1]
        k, v = (cache[slots.start:slots.stop, :length].transpose(1, 2) for cache in (self.keys, self.values))
        heads = F.scaled_dot_product_attention(q.transpose(1, 2), k, v, attn_mask=seen)
        x = x + self.out(heads.transpose(1, 2).reshape(rows, count, WIDTH))
        between = self.between(x)
        return x + self.down(F.silu(self.gate(between)) * self.up(between))


def rotated(x, turn):
    """Rotary positions, as Llama has them."""
    cos, sin = turn
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.last = nn.RMSNorm(WIDTH)
        self.head = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, tokens, at, slots):
        """The next token of each row. Tokens and their places: rows x tokens."""
        length = min(LONGEST, -(-(int(at.max()) + 1) // STEP) * STEP)
        tokens, at = tokens.to(DEVICE), at.to(DEVICE)
        speeds = 10_000 ** (-torch.arange(0, HEAD, 2, device=DEVICE, dtype=torch.float32) / HEAD)
        angles = at[..., None, None] * speeds
        turn = (angles.cos().to(TYPE), angles.sin().to(TYPE))
        seen = (torch.arange(length, device=DEVICE) <= at[..., None])[:, None]
        x = self.words(tokens)
        for layer in self.layers:
            x = layer(x, slots, at, seen, turn)
        return self.head(self.last(x[:, -1])).argmax(-1).tolist()


torch.manual_seed(1)
torch.set_default_dtype(TYPE)
with torch.device(DEVICE):
    decoder = Decoder().eval()


class Sequence:
    def __init__(self, prompt, most):
        self.prompt, self.left = prompt, most
        self.at, self.token = len(prompt), 0
        self.out = asyncio.Queue()
        self.gone = False

    def take(self, token):
        self.token, self.left = token, self.left - 1
        self.out.put_nowait(token)


@torch.inference_mode()
def prefill(sequence, slot):
    at = torch.arange(len(sequence.prompt))[None]
    return decoder(torch.tensor([sequence.prompt]), at, slice(slot, slot + 1))[0]


@torch.inference_mode()
def step(running):
    """One token for each; free rows between them are computed and thrown away."""
    rows = [(each.token, each.at) if each else (0, 0) for each in running]
    tokens, at = torch.tensor(rows).unsqueeze(-1).unbind(1)
    return decoder(tokens, at, slice(0, len(rows)))


async def engine(waiting, woken):
    running = [None] * SLOTS
    while True:
        running = [None if each and (each.gone or each.left == 0) else each for each in running]
        if waiting and None in running:
            slot, sequence = running.index(None), waiting.popleft()
            if not sequence.gone:
                sequence.take(await asyncio.to_thread(prefill, sequence, slot))
                running[slot] = sequence
        used = max((i + 1 for i, each in enumerate(running) if each), default=0)
        if used == 0 and not waiting:
            woken.clear()
            await woken.wait()
        elif used > 0:
            now = [each if each and each.left > 0 else None for each in running[:used]]
            for sequence, token in zip(now, await asyncio.to_thread(step, now)):
                if sequence:
                    sequence.take(token)
                    sequence.at += 1


async def complete(request):
    try:
        body = await request.json()
        prompt, most = body['prompt'].split(), int(body.get('max_tokens', 64))
    except (ValueError, KeyError, TypeError, AttributeError):
        return web.json_response({'error': 'expected {"prompt": "...", "max_tokens": N}'}, status=400)
    if not (prompt and 0 < most and len(prompt) + most <= LONGEST):
        return web.json_response({'error': f'1 to {LONGEST} tokens'}, status=400)
    sequence = Sequence([zlib.crc32(word.encode()) % WORDS for word in prompt], most)
    request.app['waiting'].append(sequence)
    request.app['woken'].set()
    response = web.StreamResponse(headers={'content-type': 'text/event-stream'})
    try:
        await response.prepare(request)
        for _ in range(most):
            text = json.dumps({'choices': [{'index': 0, 'text': f' {await sequence.out.get()}'}]})
            await response.write(f'data: {text}\n\n'.encode())
        await response.write(b'data: [DONE]\n\n')
    finally:
        sequence.gone = True
    return response


async def healthy(_):
    return web.Response()


async def start(app):
    app['waiting'], app['woken'] = deque(), asyncio.Event()
    # The first steps of a shape are slow: not a client's business.
    for size in (1, SLOTS):
        await asyncio.to_thread(step, [Sequence([1], 1) for _ in range(size)])
    task = asyncio.create_task(engine(app['waiting'], app['woken']))
    # Without its engine it would answer nobody.
    task.add_done_callback(lambda ended: ended.cancelled() or os._exit(1))
    yield
    task.cancel()


app = web.Application()
app.cleanup_ctx.append(start)
app.add_routes([web.post('/v1/completions', complete), web.get('/health', healthy)])
if __name__ == '__main__':
    host, port = os.environ.get('HOST', '127.0.0.1'), int(os.environ.get('PORT', 8080))
    parameters = sum(each.numel() for each in decoder.parameters()) / 1e6
    print(f'{parameters:.0f} M parameters on {DEVICE}', flush=True)
    # A client that leaves takes its sequence along.
    web.run_app(
        app, host=host, port=port, access_log=None, print=None, handler_cancellation=True
    )
