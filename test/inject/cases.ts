import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import type { Injecting } from '../../controller/kubernetes/inject/context.ts'
import { inject } from '../../controller/kubernetes/inject/inject.ts'

/**
 * The golden cases: cases/NAME.yaml has a pod as a webhook gets it, with what the context has beside or in
 * place of the usual; cases/NAME.golden.yaml has the answer. `node test/inject/write-golden.ts` writes them
 * anew: the diff is the review.
 */
export const folder = fileURLToPath(new URL('cases/', import.meta.url))

export const usual: Injecting = {
  image: 'registry.example/outrigger:1',
  pullPolicy: 'IfNotPresent',
  rootKey: 'cm9vdC1wdWJsaWMta2V5LW9mLXRlc3Rz',
  drainSecret: 'drain-secret-of-tests',
  namespace: 'models',
  excluded: ['kube-system', 'outrigger-system'],
  resources: { requests: { cpu: '25m', memory: '80Mi' }, limits: { memory: '256Mi' } },
}

export interface Case {
  name: string
  pod: unknown
  context: Injecting
}

export function cases(): Case[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && !file.endsWith('.golden.yaml'))
    .toSorted()
    .map(file => {
      const text = readFileSync(`${folder}${file}`, 'utf8')
      const read = parse(text) as { pod: unknown; context?: Partial<Injecting> }
      const context = { ...usual, ...read.context }
      return { name: file.slice(0, -'.yaml'.length), pod: read.pod, context }
    })
}

export function goldenPath({ name }: Case): string {
  return `${folder}${name}.golden.yaml`
}

export function golden({ pod, context }: Case): string {
  return stringify(inject(pod, context), { lineWidth: 0, aliasDuplicateObjects: false })
}
