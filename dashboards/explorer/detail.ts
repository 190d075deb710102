import { get } from './connection.ts'
import { el, type Child } from './dom.ts'
import type { Explanation, Told } from './model.ts'
import { duration, moment } from './words.ts'

/** One decision from inputs to outcome, in the sentences of the controller. */
export function detail(id: string, showEndpoint: boolean): HTMLElement {
  const root = el('div', { class: 'detail' }, el('p', { class: 'muted' }, 'Reading the record…'))
  load(id)
    .then(told => root.replaceChildren(...shown(told, id, showEndpoint)))
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error)
      root.replaceChildren(el('p', { class: 'bad' }, `The record can't be read now: ${why}.`))
    })
  return root
}

async function load(id: string): Promise<Told | null> {
  return (await get(`/v1/decisions/${encodeURIComponent(id)}`)) as Told | null
}

function shown(told: Told | null, id: string, showEndpoint: boolean): Node[] {
  const explanation = told?.explanation
  if (explanation === undefined) {
    return [
      el(
        'p',
        {},
        `The log has no decision ${id} any more: it was removed with an old file of the log.`,
      ),
    ]
  }
  const { inputs, proposals, bounds, outcome, reasons } = explanation
  return [
    ...(showEndpoint ? [el('p', { class: 'muted' }, explanation.endpoint)] : []),
    el(
      'ol',
      { class: 'steps' },
      step('Inputs', 'What was seen.', list(inputs)),
      step(
        'Proposals',
        'What each rule wanted.',
        list(proposals, 'No rule had anything to propose.'),
      ),
      step('Bounds', 'What the proposal had to pass.', list(bounds)),
      step(
        'Outcome',
        'What was done, and why.',
        el('p', { class: 'outcome' }, outcome),
        ...(told?.actuations ?? []).map(actuation),
        el('ul', { class: 'reasons' }, ...reasons.map(reason)),
      ),
    ),
    el(
      'p',
      { class: 'meta' },
      `Record ${explanation.seq} of the log, ${moment(Date.parse(explanation.time))}. `,
      el('a', { href: `/v1/decisions/${encodeURIComponent(explanation.id)}` }, 'As JSON'),
    ),
  ]
}

function step(title: string, says: string, ...content: Child[]): HTMLElement {
  return el(
    'li',
    { class: 'step' },
    el('h3', {}, title),
    el('p', { class: 'muted' }, says),
    ...content,
  )
}

function list(sentences: readonly string[], none = 'None.'): HTMLElement {
  if (sentences.length === 0) return el('p', {}, none)
  return el('ul', {}, ...sentences.map(sentence => el('li', {}, sentence)))
}

function reason({ sentence, help }: Explanation['reasons'][number]): HTMLElement {
  return el('li', {}, sentence, help === '' ? null : el('span', { class: 'help' }, ` ${help}`))
}

function actuation({
  asked,
  answered,
  error,
  tookMs,
}: NonNullable<Told['actuations']>[number]): HTMLElement {
  const took = duration(tookMs * 1000)
  const text =
    error === null
      ? `${asked}: ${answered}, in ${took}.`
      : `${asked}: failed after ${took}: ${error}.`
  return el('p', { class: error === null ? 'actuation' : 'actuation bad' }, text)
}
