import { applied, type Json, type Patched } from './fake-api-patch.ts'

/** What an API server keeps, without a wire: objects by path, resourceVersions, conflicts, history. */
export interface Kept extends Record<string, unknown> {
  metadata: {
    name: string
    namespace?: string
    resourceVersion: string
    uid: string
    generation: number
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  spec?: Record<string, unknown>
}

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  version: number
  place: Place
  object: Kept
  before: Kept | null
}

/** A path taken apart. An empty name is a collection, an empty namespace all of them. */
export interface Place {
  /** Group, version and plural: api/v1/pods. */
  kind: string
  namespace: string
  name: string
  sub: string
}

export interface Request {
  method: string
  path: string
  query: Record<string, string>
  type: string
  body: unknown
}

export class StatusError extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
  get json(): Json {
    const { status: code, reason, message } = this
    return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }
  }
}

const notFound = (path: string): StatusError =>
  new StatusError(404, 'NotFound', `${path} not found`)
const conflict = (): StatusError =>
  new StatusError(409, 'Conflict', 'the object has been modified; please apply your changes to it')

export function placeOf(path: string): Place {
  const parts = path.replace(/^\/+|\/+$/g, '').split('/')
  const prefix = parts.splice(0, parts[0] === 'api' ? 2 : 3)
  const namespace =
    parts[0] === 'namespaces' && parts.length > 2 ? (parts.splice(0, 2)[1] as string) : ''
  const [plural = '', name = '', ...sub] = parts
  return { kind: [...prefix, plural].join('/'), namespace, name, sub: sub.join('/') }
}

export class FakeApiStore {
  version = 100
  /** Watches from before this version are told 410. */
  oldest = 0
  readonly history: Change[] = []
  private readonly objects = new Map<string, Kept>()
  private readonly listeners = new Set<(change: Change) => void>()
  private readonly lists = new Map<string, { items: Kept[]; version: number }>()
  private made = 0

  /** By path, as it is kept; null when there is none. */
  get(path: string): Kept | null {
    return this.objects.get(keyOf(placeOf(path))) ?? null
  }

  /** Creates or replaces, whatever its version. Says what is kept. */
  put(path: string, object: Record<string, unknown>): Kept {
    const place = placeOf(path)
    return this.write(place, structuredClone(object) as unknown as Kept, this.get(path))
  }

  remove(path: string): void {
    const before = this.get(path)
    if (before === null) return
    const place = placeOf(path)
    this.objects.delete(keyOf(place))
    const object = structuredClone(before)
    object.metadata.resourceVersion = String(++this.version)
    this.tell({ type: 'DELETED', version: this.version, place, object, before })
  }

  /** Forgets history and continue tokens, as etcd's compaction does after five minutes. */
  compact(): void {
    this.history.length = 0
    this.oldest = this.version
    this.lists.clear()
  }

  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** One request but a watch. Throws StatusError. */
  answer(request: Request): { status: number; json: Json } {
    const { method, path, query } = request
    const place = placeOf(path)
    if (place.name === '') {
      if (method === 'GET') return { status: 200, json: this.list(place, query) }
      if (method === 'POST') return { status: 201, json: this.create(place, request) }
      throw new StatusError(405, 'MethodNotAllowed', `${method} on a collection`)
    }
    const kept = this.objects.get(keyOf(place)) ?? null
    const body = request.body as Partial<Kept> | undefined
    if (method === 'PATCH') return this.patch(place, request, kept)
    if (method === 'POST' && place.sub === 'eviction') {
      this.remove(path.replace(/\/eviction$/, ''))
      return { status: 201, json: { kind: 'Status', status: 'Success' } }
    }
    if (kept === null) throw notFound(path)
    if (method === 'GET') return { status: 200, json: shown(kept, place) }
    if (method === 'PUT') {
      return { status: 200, json: this.change(place, kept, body as Json, query) }
    }
    if (method === 'DELETE') {
      const { uid, resourceVersion } =
        (body as { preconditions?: Kept['metadata'] } | undefined)?.preconditions ?? {}
      if (uid !== undefined && uid !== kept.metadata.uid) throw conflict()
      if ((resourceVersion ?? kept.metadata.resourceVersion) !== kept.metadata.resourceVersion)
        throw conflict()
      this.remove(path)
      return { status: 200, json: { kind: 'Status', status: 'Success' } }
    }
    throw new StatusError(405, 'MethodNotAllowed', method)
  }

  private create(place: Place, { path, body, query }: Request): Json {
    const object = structuredClone(body) as Kept
    const { generateName } = object.metadata as { generateName?: string }
    const name = object.metadata.name ?? `${generateName}${(++this.made).toString(36)}`
    const full = { ...place, name }
    if (this.objects.has(keyOf(full)))
      throw new StatusError(409, 'AlreadyExists', `${path}/${name} already exists`)
    if (query.dryRun === 'All') return object
    return this.write(full, object, null)
  }

  private patch(place: Place, request: Request, kept: Kept | null): { status: number; json: Json } {
    const { type, body, query, path } = request
    if (kept === null) {
      if (!type.includes('apply-patch')) throw notFound(path)
      return { status: 201, json: this.write(place, structuredClone(body) as Kept, null) }
    }
    if (type.includes('apply-patch') && (query.fieldManager ?? '') === '')
      throw new StatusError(422, 'Invalid', 'fieldManager: Required value: is required for apply')
    const patched: Patched = applied(shown(kept, place), body, type)
    if (!patched.ok) throw new StatusError(patched.status, patched.reason, patched.message)
    return { status: 200, json: this.change(place, kept, patched.object, query) }
  }

  /** Of the whole object or of a subresource, under the precondition of its resourceVersion. */
  private change(place: Place, kept: Kept, body: Json, query: Record<string, string>): Json {
    const { metadata, spec, status } = body as unknown as Kept & { status?: unknown }
    const { resourceVersion, uid } = metadata ?? {}
    if ((resourceVersion ?? kept.metadata.resourceVersion) !== kept.metadata.resourceVersion)
      throw conflict()
    if ((uid ?? kept.metadata.uid) !== kept.metadata.uid) throw conflict()
    let next = structuredClone(body) as unknown as Kept
    if (place.sub === 'scale')
      next = { ...structuredClone(kept), spec: { ...kept.spec, replicas: spec?.replicas } }
    else if (place.sub === 'status') next = { ...structuredClone(kept), status }
    if (query.dryRun === 'All') return shown(next, place)
    return shown(this.write(place, next, kept), place)
  }

  private write(place: Place, object: Kept, before: Kept | null): Kept {
    const { metadata } = object
    const same = before !== null && JSON.stringify(before.spec) === JSON.stringify(object.spec)
    object.metadata = {
      ...metadata,
      name: place.name,
      ...(place.namespace === '' ? {} : { namespace: place.namespace }),
      uid: before?.metadata.uid ?? `uid-${++this.made}`,
      generation: (before?.metadata.generation ?? 0) + (same ? 0 : 1),
      resourceVersion: before?.metadata.resourceVersion ?? '',
    }
    // As the real one: a write that changes nothing makes no version and no event.
    if (before !== null && JSON.stringify(before) === JSON.stringify(object)) return before
    object.metadata.resourceVersion = String(++this.version)
    this.objects.set(keyOf(place), object)
    const type = before === null ? 'ADDED' : 'MODIFIED'
    this.tell({ type, version: this.version, place, object, before })
    return object
  }

  private tell(change: Change): void {
    this.history.push(change)
    for (const listener of this.listeners) listener(change)
  }

  private list(place: Place, query: Record<string, string>): Json {
    const [token = '', from = '0'] = (query.continue ?? '').split(':')
    const held = this.lists.get(token)
    if (token !== '' && held === undefined)
      throw new StatusError(410, 'Expired', 'The provided continue parameter is too old')
    const all = held ?? { items: this.matching(place, query), version: this.version }
    const limit = Number(query.limit ?? 0) || all.items.length
    const end = Number(from) + limit
    const more = end < all.items.length
    const name = token || `list-${++this.made}`
    if (more) this.lists.set(name, all)
    const metadata = {
      resourceVersion: String(all.version),
      ...(more ? { continue: `${name}:${end}` } : {}),
    }
    return { kind: 'List', apiVersion: 'v1', metadata, items: all.items.slice(Number(from), end) }
  }

  private matching(place: Place, query: Record<string, string>): Kept[] {
    const prefix = keyOf({ ...place, name: '' })
    const within = (key: string): boolean =>
      place.namespace === '' ? key.startsWith(`${place.kind} `) : key.startsWith(prefix)
    return [...this.objects]
      .filter(([key, object]) => within(key) && selected(object, query))
      .map(([, object]) => object)
  }
}

/** Label and field selectors, by equality only. */
export function selected(object: Kept, query: Record<string, string>): boolean {
  const labels = object.metadata.labels ?? {}
  return (
    terms(query.labelSelector).every(([key, value, not]) =>
      value === null ? key in labels : (labels[key] === value) !== not,
    ) &&
    terms(query.fieldSelector).every(([key, value, not]) => {
      const at = key.split('.').reduce<unknown>((o, k) => (o as Json | undefined)?.[k], object)
      return (at === value) !== not
    })
  )
}

function terms(selector = ''): [string, string | null, boolean][] {
  if (selector === '') return []
  return selector.split(',').map(term => {
    const [, key = '', operator = '', value = ''] = /^([^!=]+)(!=|==?)?(.*)$/.exec(term) ?? []
    return [key, operator === '' ? null : value, operator === '!=']
  })
}

function keyOf({ kind, namespace, name }: Place): string {
  return `${kind} ${namespace} ${name}`
}

function shown(object: Kept, { sub }: Place): Json {
  if (sub !== 'scale') return object
  const { name, namespace, resourceVersion, uid } = object.metadata
  const status = object.status as { replicas?: number } | undefined
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, resourceVersion, uid },
    spec: { replicas: object.spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0 },
  }
}
