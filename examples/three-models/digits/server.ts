import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { port } from '../config.ts'
import { readJson, sendJson, serve } from '../http.ts'
import { loadClassifier } from './classifier.ts'
import { MAX_IMAGES, PIXELS, imagesFrom } from './input.ts'

/** A CPU-bound model: more requests at once than one core can do only make all of them slower. */

const MAX_BODY_BYTES = 256 * 1024
const WARM_UP_RUNS = 20

const { values } = parseArgs({
  options: {
    model: {
      type: 'string',
      default: fileURLToPath(new URL('./digits.onnx', import.meta.url)),
    },
  },
})

const classify = await loadClassifier(values.model)
const blank = Array.from({ length: MAX_IMAGES }, () => Array.from({ length: PIXELS }, () => 0))
for (let run = 0; run < WARM_UP_RUNS; run++) await classify(blank)

serve('digits', port(), {
  'GET /healthz': (_, res) => sendJson(res, 200, { status: 'ok' }),
  'POST /v1/predict': async (req, res) => {
    const images = imagesFrom(await readJson(req, MAX_BODY_BYTES))
    sendJson(res, 200, { labels: await classify(images) })
  },
})
