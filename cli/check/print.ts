import { plain } from '../../core/model/plain.ts'
import { many, type Finding } from './finding.ts'

export interface Report {
  /** What was looked at, in words. */
  of: string
  stage: 'before' | 'after' | 'machine'
  findings: Finding[]
}

export function counts(findings: readonly Finding[]): Record<Finding['level'], number> {
  const of = (level: Finding['level']): number => findings.filter(f => f.level === level).length
  return { failure: of('failure'), warning: of('warning'), ok: of('ok') }
}

/** For people: what is wrong last, so that it stands above the prompt. */
export function shownReport({ of, findings }: Report): string {
  const order = ['ok', 'warning', 'failure']
  const sorted = findings.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
  const width = Math.max(...findings.map(({ check }) => check.length))
  const rows = sorted.flatMap(({ level, check, about, words, fix }) => {
    const head = `${level.padEnd(7)}  ${check.padEnd(width)}  `
    const subject = about === '' ? '' : `${about}: `
    return [
      plain(`${head}${subject}${words}`),
      ...(fix === '' ? [] : [plain(`${' '.repeat(head.length)}${fix}`)]),
    ]
  })
  const { failure, warning, ok } = counts(findings)
  return [
    `${of}:`,
    ...rows,
    '',
    `${many(failure, 'failure')}, ${many(warning, 'warning')}, ${ok} ok.`,
  ].join('\n')
}

export function jsonReport({ of, stage, findings }: Report): string {
  const { failure } = counts(findings)
  return JSON.stringify({ of, stage, ok: failure === 0, counts: counts(findings), findings })
}
