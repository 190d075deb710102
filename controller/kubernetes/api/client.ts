import type { KubeConfig } from '@kubernetes/client-node'
import { existsSync } from 'node:fs'
import { clusterEnvironment } from '../../config.ts'
import { configAccess, defaultAccess, MOUNTED, podAccess, type Access } from './access.ts'
import { apiError } from './error.ts'
import { exchange, type Query, type Question } from './exchange.ts'
import { eachPage, type Listed } from './pages.ts'
import { watch, type WatchHandlers } from './watch.ts'

export { ApiError } from './error.ts'
export type { Query } from './exchange.ts'
export type { Listed } from './pages.ts'

export type PatchType = 'merge' | 'json' | 'strategic' | 'apply'

/** The API server, thinly: paths, JSON, and errors with their status. Each call has a deadline. */
export interface Kube {
  /** `path` such as /api/v1/namespaces/x/pods/y */
  get<T>(path: string, query?: Query): Promise<T>
  /** All pages of it. */
  list<T>(path: string, query?: Query): Promise<Listed<T>>
  create<T>(path: string, body: unknown, query?: Query): Promise<T>
  replace<T>(path: string, body: unknown, query?: Query): Promise<T>
  /** 'apply' needs query.fieldManager. */
  patch<T>(path: string, body: unknown, type: PatchType, query?: Query): Promise<T>
  delete(path: string, body?: unknown): Promise<void>
  /** Answers that are not JSON: metrics, logs, proxies. */
  text(path: string, query?: Query): Promise<string>
  /** One connection, with bookmarks; an informer goes on when it ends. */
  watch(path: string, query: Query, on: WatchHandlers): { stop(): void }
}

export interface KubeOptions {
  timeoutMs?: number
  maxBytes?: number
}

const patchTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
}

export function kubeOf(config: KubeConfig, options: KubeOptions = {}): Kube {
  return kubeWith(configAccess(config), options)
}

/** KUBECONFIG where a person gave one, else the pod's own service account, else ~/.kube/config. */
export function loadAccess(): Access {
  const { host, port, kubeconfig } = clusterEnvironment()
  const inPod = host !== '' && port !== '' && existsSync(`${MOUNTED}/token`)
  return kubeconfig === '' && inPod ? podAccess(host, port) : defaultAccess()
}

export function loadKube(options: KubeOptions = {}): Kube {
  return kubeWith(loadAccess(), options)
}

export function kubeWith(access: Access, options: KubeOptions = {}): Kube {
  const limits = {
    timeoutMs: options.timeoutMs ?? 5000,
    maxBytes: options.maxBytes ?? 64 * 1024 * 1024,
  }
  async function text(question: Question): Promise<string> {
    const answer = await exchange(access, question, limits)
    if (answer.status >= 200 && answer.status < 300) return answer.text
    throw apiError(jsonOr(answer.text), answer.status, answer.headers['retry-after'])
  }
  async function json<T>(
    method: string,
    path: string,
    query: Query = {},
    body?: unknown,
    type = 'application/json',
  ): Promise<T> {
    const question: Question = { method, path, query, accept: 'application/json' }
    if (body !== undefined) question.body = { type, text: JSON.stringify(body) }
    const answer = await text(question)
    try {
      return JSON.parse(answer) as T
    } catch (error) {
      const got = answer.slice(0, 80)
      throw new Error(`${method} ${path}: expected JSON, got ${got}`, { cause: error })
    }
  }
  const get = <T>(path: string, query?: Query): Promise<T> => json<T>('GET', path, query)
  return {
    get,
    async list<T>(path: string, query: Query = {}) {
      const items: T[] = []
      const take = (page: T[]): void => void items.push(...page)
      const restart = (): void => void (items.length = 0)
      const resourceVersion = await eachPage<T>(get, path, query, take, restart)
      return { items, metadata: { resourceVersion } }
    },
    create: (path, body, query) => json('POST', path, query, body),
    replace: (path, body, query) => json('PUT', path, query, body),
    patch: (path, body, type, query) => json('PATCH', path, query, body, patchTypes[type]),
    async delete(path, body) {
      await json('DELETE', path, {}, body)
    },
    text: (path, query = {}) => text({ method: 'GET', path, query, accept: '*/*' }),
    watch: (path, query, on) => watch(access, path, query, on),
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
