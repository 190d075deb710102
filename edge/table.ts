import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, sentence } from '../core/model/schema.ts'
import { HEADERS, replicaTable, type ReplicaTable } from '../core/model/tables.ts'
import { follow } from '../core/runtime/follow.ts'
import { once, wordsOfError, type Log } from '../core/runtime/log.ts'

/**
 * The replica table, followed from the controller. When the controller is away the last one stays in
 * force, and it is kept on disk, so that an edge that restarts meanwhile serves at once.
 */
const FILE = 'edge-table.json'

export function followTable(options: {
  controller: string
  edge: string
  token: string | null
  stateDir: string | null
  log: Log
  take(table: ReplicaTable): void
}): { stop(): void } {
  const { controller, edge, token, stateDir, log, take } = options
  const outage = once(log)
  return follow({
    url: () => `${controller}/v1/replicas?follow=1&edge=${encodeURIComponent(edge)}`,
    headers: token === null ? {} : { [HEADERS.token]: token },
    silenceMs: 15_000,
    line(value) {
      const checked = check(replicaTable, value)
      if (!checked.ok) throw new Error(checked.issues.map(sentence).slice(0, 5).join('; '))
      outage.again(LOST)
      take(checked.value)
      if (stateDir !== null) keep(stateDir, checked.value, log)
    },
    lost: why => outage.say('warn', LOST, { controller, why }),
  })
}

const LOST = 'the controller is away: the last replica table stays in force'

/** The table of an earlier life, or null. */
export function keptTable(stateDir: string | null, log: Log): ReplicaTable | null {
  if (stateDir === null) return null
  try {
    const checked = check(replicaTable, JSON.parse(readFileSync(join(stateDir, FILE), 'utf8')))
    if (checked.ok) return checked.value
    log('warn', 'the kept replica table is not one', { issues: checked.issues.map(sentence) })
  } catch (error) {
    if (!isMissing(error)) log('warn', 'no kept replica table', { cause: wordsOfError(error) })
  }
  return null
}

/** Whole or not at all: written aside, then renamed. */
function keep(stateDir: string, table: ReplicaTable, log: Log): void {
  try {
    mkdirSync(stateDir, { recursive: true })
    const path = join(stateDir, FILE)
    writeFileSync(`${path}.new`, JSON.stringify(table), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (error) {
    log('warn', "can't keep the replica table", { cause: wordsOfError(error) })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
