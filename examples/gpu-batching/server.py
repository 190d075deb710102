"""A text encoder that batches what waits: POST /v1/embed {"text": "..."}, GET /healthz.

The size of BERT-large with random weights, on the GPU where torch sees one; small on a CPU. Whatever waits
when the device is free goes together, at most BATCH requests, once the first has waited for WINDOW_MS.
Settings: PORT, HOST, BATCH, WINDOW_MS, WIDTH, LAYERS.
"""
import asyncio
import os
import zlib
from concurrent.futures import ThreadPoolExecutor

import torch
from aiohttp import web
from torch import nn
from torch.nn import functional as F

ON_GPU = torch.cuda.is_available()
DEVICE, TYPE = ('cuda', torch.bfloat16) if ON_GPU else ('cpu', torch.float32)
BATCH = int(os.environ.get('BATCH', 64))
WINDOW_S = float(os.environ.get('WINDOW_MS', 2)) / 1000
WIDTH = int(os.environ.get('WIDTH', 1024 if ON_GPU else 64))
LAYERS = int(os.environ.get('LAYERS', 24 if ON_GPU else 2))
HEAD, WORDS, LONGEST, STEP = 64, 32_768, 512, 64


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x, mask):
        rows, length, _ = x.shape
        heads = self.qkv(self.before(x)).view(rows, length, 3, -1, HEAD).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(*heads, attn_mask=mask)
        x = x + self.out(seen.transpose(1, 2).reshape(rows, length, WIDTH))
        return x + self.down(F.gelu(self.up(self.between(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(LONGEST, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, tokens, lengths):
        places = torch.arange(tokens.shape[1], device=tokens.device)
        real = places < lengths[:, None]
        x = self.words(tokens) + self.places(places)
        for layer in self.layers:
            x = layer(x, real[:, None, None, :])
        return F.normalize((x * real[..., None]).sum(1) / lengths[:, None], dim=-1)


torch.manual_seed(1)
torch.set_default_dtype(TYPE)
with torch.device(DEVICE):
    encoder = Encoder().eval()


def tokens_of(text):
    return [zlib.crc32(word.encode()) % WORDS for word in text.split()[:LONGEST]] or [0]


@torch.inference_mode()
def embed(texts):
    """One batch, padded to a multiple of STEP; the first eight numbers of each embedding."""
    length = -(-max(map(len, texts)) // STEP) * STEP
    tokens = torch.tensor([text + [0] * (length - len(text)) for text in texts])
    lengths = torch.tensor([len(text) for text in texts])
    return encoder(tokens.to(DEVICE), lengths.to(DEVICE))[:, :8].float().tolist()


async def batches(app):
    """Takes batches from the queue until it is cancelled."""
    loop, one = asyncio.get_running_loop(), ThreadPoolExecutor(1)
    while True:
        waiting = [await app['queue'].get()]
        if app['queue'].qsize() < BATCH - 1:
            await asyncio.sleep(WINDOW_S)
        while len(waiting) < BATCH and not app['queue'].empty():
            waiting.append(app['queue'].get_nowait())
        waiting = [(text, done) for text, done in waiting if not done.done()]
        if not waiting:
            continue
        try:
            rows = await loop.run_in_executor(one, embed, [text for text, _ in waiting])
            answers = [{'embedding': row, 'batch': len(rows)} for row in rows]
        except RuntimeError as error:
            answers = [error] * len(waiting)
        for (_, done), answer in zip(waiting, answers):
            if not done.done():
                done.set_result(answer)


async def answer(request):
    try:
        text = (await request.json())['text']
    except (ValueError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        return web.json_response({'error': 'the body must be {"text": "..."}'}, status=400)
    done = asyncio.get_running_loop().create_future()
    request.app['queue'].put_nowait((tokens_of(text), done))
    result = await done
    if isinstance(result, RuntimeError):
        return web.json_response({'error': str(result)}, status=500)
    return web.json_response(result)


async def healthy(_):
    return web.Response()


async def start(app):
    app['queue'] = asyncio.Queue()
    # The first batches of a size are slow: not a client's business.
    for size in (1, 2, 8, BATCH // 2, BATCH):
        await asyncio.to_thread(embed, [[1] * LONGEST] * size)
    task = asyncio.create_task(batches(app))
    yield
    task.cancel()


app = web.Application()
app.cleanup_ctx.append(start)
app.add_routes([web.post('/v1/embed', answer), web.get('/healthz', healthy)])
if __name__ == '__main__':
    host, port = os.environ.get('HOST', '127.0.0.1'), int(os.environ.get('PORT', 8080))
    parameters = sum(each.numel() for each in encoder.parameters()) / 1e6
    print(f'{parameters:.0f} M parameters on {DEVICE}', flush=True)
    # A client that leaves takes its request along.
    web.run_app(
        app, host=host, port=port, access_log=None, print=None, handler_cancellation=True
    )
