import { existsSync, readFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { HEADERS } from '../core/model/tables.ts'
import { wordsOfError } from '../core/runtime/log.ts'
import { Failure } from './command.ts'
import { exit } from './exit.ts'
import type { Way } from './way.ts'

const HEAD_MS = 10_000

/** To a controller by its URL, with the token of the state folder where there is one. */
export function localWay(url: string, state: string): Way {
  const token = tokenOf(state)
  return {
    name: `The controller at ${url}`,
    url,
    namespace: 'local',
    open(method, path, json) {
      return opened(method, `${url}${path}`, token, json).catch((error: unknown) => {
        throw unreachable(url, wordsOfError(error))
      })
    },
    refusal: () => null,
    user: () => Promise.resolve(loginName()),
  }
}

/** The controller's URL as `outrigger up` wrote it. Throws Failure where none is known. */
export function urlIn(state: string): string {
  const file = join(state, 'platform.json')
  if (!existsSync(file)) {
    throw new Failure(
      exit.unreachable.code,
      `No controller is known: there is no ${file}. Start \`outrigger up\`, or name it with --url, --state or --cluster.`,
    )
  }
  const named = controllerIn(readFileSync(file, 'utf8'))
  if (named !== null) return named.replace(/\/+$/, '')
  throw new Failure(exit.badInput.code, `${file} names no controller. Name it with --url.`)
}

function controllerIn(text: string): string | null {
  try {
    const { controller } = JSON.parse(text) as { controller?: unknown }
    return typeof controller === 'string' ? controller : null
  } catch {
    return null
  }
}

/** The token of the state folder, or none. */
function tokenOf(state: string): Record<string, string> {
  const file = join(state, 'token')
  return existsSync(file) ? { [HEADERS.token]: readFileSync(file, 'utf8').trim() } : {}
}

function unreachable(url: string, why: string): Failure {
  return new Failure(
    exit.unreachable.code,
    `The controller can't be reached at ${url} (${why}). Is \`outrigger up\` running?`,
  )
}

function opened(
  method: string,
  url: string,
  token: Record<string, string>,
  json: unknown,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = json === undefined ? undefined : JSON.stringify(json)
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const asked = request(url, { method, headers: { ...token, ...type } }, response => {
      clearTimeout(silent)
      resolve(response)
    })
    const silent = setTimeout(
      () => asked.destroy(new Error(`no answer within ${HEAD_MS / 1000} s`)),
      HEAD_MS,
    )
    asked.on('close', () => clearTimeout(silent))
    asked.on('error', reject)
    asked.end(body)
  })
}

function loginName(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}
