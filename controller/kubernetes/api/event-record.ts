import { microTime } from './time.ts'

/** What an Event is about. */
export interface ObjectReference {
  apiVersion: string
  kind: string
  name: string
  namespace?: string
  uid?: string
}

export interface EventSaid {
  regarding: ObjectReference
  type: 'Normal' | 'Warning'
  /** Why, in one word: InvalidAnnotation. */
  reason: string
  /** A sentence for people. */
  note: string
  /** What we did or refused, in one word; the reason if not given. */
  action?: string
}

/** events.k8s.io refuses longer ones. */
const LONGEST_NOTE = 1024
const LONGEST_WORD = 128

export function keyOf({ regarding, reason, note }: EventSaid): string {
  const { kind, namespace = '', name, uid = '' } = regarding
  return JSON.stringify([kind, namespace, name, uid, reason, note])
}

/** An Event lives with what it is about; that of what has no namespace lives in default. */
export function pathOf({ regarding }: EventSaid): string {
  return `/apis/events.k8s.io/v1/namespaces/${regarding.namespace ?? 'default'}/events`
}

export function eventObject(
  event: { said: EventSaid; name: string; count: number },
  instance: string,
  utc: number,
): object {
  const { regarding, type, reason, note, action = reason } = event.said
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: event.name, namespace: regarding.namespace ?? 'default' },
    eventTime: microTime(utc),
    reportingController: 'outrigger.dev/controller',
    reportingInstance: instance.slice(0, LONGEST_WORD),
    action: action.slice(0, LONGEST_WORD),
    reason: reason.slice(0, LONGEST_WORD),
    type,
    note: withinBytes(note, LONGEST_NOTE),
    regarding,
    ...(event.count > 1 ? seriesPatch(event, utc) : {}),
  }
}

export function seriesPatch({ count }: { count: number }, utc: number): object {
  return { series: { count, lastObservedTime: microTime(utc) } }
}

function withinBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text
  const cut = Buffer.from(text).subarray(0, most - 3)
  // A character that was cut in two is left out.
  return `${cut.toString('utf8').replace(/\uFFFD+$/, '')}...`
}
