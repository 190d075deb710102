import { InferenceSession, Tensor } from 'onnxruntime-node'
import { PIXELS } from './input.ts'
import { VIEWS, views } from './views.ts'

const CLASSES = 10

type Classifier = (images: number[][]) => Promise<number[]>

/** Loads the ONNX file: one thread, one inference at a time, the rest wait in order of arrival. */
export async function loadClassifier(modelPath: string): Promise<Classifier> {
  const session = await InferenceSession.create(modelPath, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  })
  let last: Promise<unknown> = Promise.resolve()
  return images => {
    const mine = last.then(() => classify(session, images))
    last = mine.catch(() => undefined)
    return mine
  }
}

async function classify(session: InferenceSession, images: number[][]): Promise<number[]> {
  const rows = images.length * VIEWS
  const pixels = new Tensor('float32', views(images), [rows, PIXELS])
  const { probabilities } = await session.run({ pixels }, ['probabilities'])
  const data = probabilities?.data
  if (!(data instanceof Float32Array)) throw new Error('the model gave no float probabilities')
  return images.map((_, image) => likeliest(data, image * VIEWS * CLASSES))
}

/** The class with the largest sum of probabilities over the views that start at `from`. */
function likeliest(data: Float32Array, from: number): number {
  const sums = Array.from({ length: CLASSES }, () => 0)
  for (let at = 0; at < VIEWS * CLASSES; at++) {
    const label = at % CLASSES
    sums[label] = (sums[label] ?? 0) + (data[from + at] ?? 0)
  }
  return sums.indexOf(Math.max(...sums))
}
