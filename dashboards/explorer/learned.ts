import { get } from './connection.ts'
import { curve } from './curve.ts'
import { el } from './dom.ts'
import type { Belief } from './model.ts'
import { addressOf } from './route.ts'

/** What the learner believes of a limit, in the sentences of the controller, and the curve that it rests on. */
export interface Learned {
  root: HTMLElement
  close(): void
}

const EVERY_MS = 5000
const signs: [sign: string, means: string][] = [
  ['tried', 'what a limit gave that was tried and reached'],
  ['tried unreached', 'a limit that demand seldom reached'],
  ['level', 'by number in flight, last 5 min; left out for models that answer in batches'],
  ['law', 'the Universal Scalability Law fitted to it'],
  ['now', 'the last 20 s'],
]

export function learned(endpoint: string): Learned {
  const sentences = el('ul', { class: 'believed' })
  const plot = el('div', { class: 'drawing' })
  const legend = el(
    'ul',
    { class: 'legend' },
    ...signs.map(([sign, means]) => el('li', {}, el('span', { class: `mark ${sign}` }), means)),
  )
  const root = el('section', { class: 'card learned' }, sentences, el('div', {}, plot, legend))
  let belief: Belief | null = null
  let width = 0
  let closed = false

  function draw(): void {
    if (belief === null) return
    const drawing = curve(belief, Math.max(240, width))
    plot.replaceChildren(drawing ?? el('p', { class: 'muted' }, 'No throughput was measured yet.'))
    legend.hidden = drawing === null
  }

  async function read(): Promise<void> {
    try {
      const told = (await get(`/v1/learned/${addressOf(endpoint)}`)) as Belief | null
      if (told === null || closed) return
      if (told.sentences.join() !== belief?.sentences.join()) {
        sentences.replaceChildren(...told.sentences.map(each => el('li', {}, each)))
      }
      belief = told
      draw()
    } catch {
      // The connection is lost: the stream says so, and the next try comes.
    }
  }

  const resized = new ResizeObserver(() => {
    if (plot.clientWidth === width) return
    width = plot.clientWidth
    draw()
  })
  resized.observe(plot)
  void read()
  const timer = setInterval(() => void read(), EVERY_MS)
  return {
    root,
    close() {
      closed = true
      clearInterval(timer)
      resized.disconnect()
    },
  }
}
