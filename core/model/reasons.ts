/**
 * Every word that a decision may say, once. A sentence's {names} are filled from the reason's numbers:
 * a name that ends in Ms, Us, Permille or Milli is shown in its natural unit. docs/reasons.md is made from this.
 */
interface ReasonEntry {
  sentence: string
  /** What a person can do about it, or why it is so. */
  help: string
}

export const reasons = {
  // replicas: what wanted the count
  demand: {
    sentence:
      'A demand of {demandMilli} requests at once needs {replicas} replicas at {limit} each and {targetPermille} use.',
    help: 'Demand is the larger of arrivals x mean service time and the requests present, over 20 s.',
  },
  burst: {
    sentence: 'The last 3 s alone need {replicas} replicas: {demandMilli} requests at once.',
    help: 'A burst counts at once; it needs no 20 s to be believed.',
  },
  trend: {
    sentence:
      'Demand grows; in the {startUpMs} that a replica takes to start it will need {replicas} replicas.',
    help: 'Acted on only when the growth stands out from the noise of the last minutes.',
  },
  throughput: {
    sentence:
      '{ready} busy replicas answer {answeredMilli} requests a second, {offeredMilli} come, and some are turned away: that needs {replicas} replicas.',
    help: 'What busy replicas answer is what they can do, however long each request takes in them.',
  },
  cpu: {
    sentence:
      'A CPU use of {usePermille} of the quota, for a target of {targetPermille}, needs {replicas} replicas.',
    help: 'Setting cpu-target.',
  },
  memory: {
    sentence: 'Memory use is {usePermille} of its limit, above {targetPermille}.',
    help: 'Setting memory-target.',
  },
  gpu: {
    sentence: 'GPU use is {usePermille}, above {targetPermille}.',
    help: 'Setting gpu-target.',
  },
  kv: {
    sentence: 'The KV cache is {usePermille} full, above {targetPermille}.',
    help: 'Setting kv-target.',
  },
  'engine-queue': {
    sentence: 'The engine itself has {waiting} requests waiting.',
    help: 'The engine says so on its metrics page.',
  },
  'queue-wait': {
    sentence: 'One request in twenty waited {waitUs} or longer for a slot, above {boundUs}.',
    help: 'The bound is half the queue deadline.',
  },
  activate: {
    sentence: 'A request is held and there is no replica.',
    help: 'The edge asked for one.',
  },
  // replicas: what bounded it
  steady: { sentence: 'Nothing asks for a change: {replicas} replicas are right.', help: '' },
  'min-replicas': { sentence: 'Never fewer than {min} replicas.', help: 'Setting min-replicas.' },
  'max-replicas': {
    sentence: 'Never more than {max} replicas; {wanted} were wanted.',
    help: 'Setting max-replicas.',
  },
  tolerance: {
    sentence: 'The change from {from} to {wanted} is within the tolerance of {tolerancePermille}.',
    help: 'Setting tolerance, on the way up behavior.scaleUp.tolerance.',
  },
  replacement: {
    sentence:
      '{broken} replicas serve nothing now; {back} that did so lately are made up for, since they may again.',
    help: 'A third of the need at most, until 5 minutes after; those that were broken all that time are not counted.',
  },
  'on-their-way': { sentence: '{starting} replicas are on their way and count already.', help: '' },
  'scale-down-window': {
    sentence: 'Did not scale down to {wanted}: {held} are kept of what the last {windowMs} wanted.',
    help: 'Given by the setting scale-down-window or behavior.scaleDown.stabilizationWindowSeconds, it keeps all. Else it is learned from how soon needs come back, and what they took goes bit by bit.',
  },
  'scale-up-window': {
    sentence: 'Did not scale up at once: behavior.scaleUp holds the lowest of {windowMs}, {held}.',
    help: 'Setting behavior.',
  },
  'scale-up-policy': {
    sentence: 'behavior.scaleUp allows {allowed} replicas now; {wanted} were wanted.',
    help: 'Setting behavior.',
  },
  'scale-down-policy': {
    sentence:
      'behavior.scaleDown allows no fewer than {allowed} replicas now; {wanted} were wanted.',
    help: 'Setting behavior.',
  },
  'missing-data': {
    sentence: 'Did not scale down: only {coveragePermille} of the replica-seconds were reported.',
    help: 'Missing data blocks down, never up. See which replicas are silent in the inputs.',
  },
  'no-data': {
    sentence: 'No window has come from the aggregator for {ageMs}.',
    help: 'Limits and replicas stay as they are. Is the aggregator running?',
  },
  errors: {
    sentence: 'Did not scale down: {errorsPermille} of the answers were server errors.',
    help: 'Fast failures look like low demand; they are not.',
  },
  'no-gain': {
    sentence: 'Did not scale up: {added} replicas added since brought no more throughput.',
    help: 'Something that all replicas share is full: a database, a quota, a disk.',
  },
  'limit-unproven': {
    sentence: 'Did not scale down: the limit rose {agoMs} ago and has to prove itself first.',
    help: '',
  },
  'limit-climbing': {
    sentence:
      'The limit is still being found and {limit} is likely low: {allowed} replicas for now, {wanted} were wanted.',
    help: 'Replicas at most double with each decision until the limit is known.',
  },
  'not-scaled-yet': {
    sentence: 'Did not scale down: {starting} replicas are still starting.',
    help: '',
  },
  'scale-to-zero': {
    sentence: 'Nothing was asked for {idleMs}: no replica is needed.',
    help: 'Setting scale-to-zero.',
  },
  advise: { sentence: 'Advice only: nothing was done.', help: 'Setting advise-only.' },
  frozen: { sentence: 'Frozen: nothing was done.', help: 'Setting freeze.' },
  override: {
    sentence: 'A person set the number of replicas to {value}.',
    help: '`outrigger override` shows and ends it.',
  },
  // limit
  'cold-start': {
    sentence: 'A first limit of {limit}: nothing is known yet.',
    help: 'Setting first-limit.',
  },
  gathering: {
    sentence: 'Too little evidence yet: {completions} answers of {needed} in {seconds} s.',
    help: '',
  },
  'app-limited': {
    sentence:
      'The limit was reached only {boundPermille} of the time, so nothing can be learned about a higher one.',
    help: 'It is raised when traffic reaches it.',
  },
  double: {
    sentence:
      'Latency has room ({earlyPermille} of the answers within 0.4 of the objective): {from} became {to}.',
    help: '',
  },
  'model-step': {
    sentence: 'The model of throughput and latency likes {to} best (was {from}).',
    help: '',
  },
  unguarded: {
    sentence:
      'The fast guard held the first limit of {limit} down for {seconds} s: without it for a moment, to see whether fewer at once are faster.',
    help: '',
  },
  warming: {
    sentence:
      '{latePermille} of the answers are late, and fewer at once are no faster, as with a cold cache: {limit} until they come in time.',
    help: 'Where it stays so, no limit reaches the objective.',
  },
  failing: {
    sentence:
      'Most answers are errors under the first limit of {from}: {to}, as it may be what the model dies of.',
    help: 'A model that begins with little memory left, or one that is broken.',
  },
  overshoot: { sentence: 'The last raise lost: back from {from} to {to}.', help: '' },
  regret: { sentence: 'The last step lost: back from {from} to {to}.', help: '' },
  learned: {
    sentence: 'Raising further brings nothing: {limit} is learned; small probes go on.',
    help: '',
  },
  probing: {
    sentence: 'Comparing {limit} with {other} in alternate slots; the pair is not finished.',
    help: '',
  },
  'probe-start': { sentence: 'Compares {limit} with {other} next.', help: '' },
  'probe-tripped': {
    sentence:
      'At {other} too many answers were late at once: {limit} stays, {other} is left alone.',
    help: '',
  },
  'slope-up': { sentence: 'The higher arm was better: {from} became {to}.', help: '' },
  'slope-down': { sentence: 'The lower arm was no worse: {from} became {to}.', help: '' },
  flat: { sentence: 'No clear difference between the arms: {limit} stays.', help: '' },
  late: {
    sentence:
      '{latePermille} of the answers were late and a higher limit was not better: {from} became {to}.',
    help: '',
  },
  guard: {
    sentence: 'The fast guard held the limit down for {seconds} s: {from} became {to}.',
    help: '',
  },
  'memory-room': {
    sentence: 'Memory has room for {room} requests at once, by what each of them has taken so far.',
    help: "A model that uses more than its container's memory limit is killed: raise that limit where it is too small.",
  },
  'kv-pressure': {
    sentence: 'The KV cache is {kvPermille} full: not raised, and lowered where it is nearly full.',
    help: 'More replicas help; a full cache preempts requests.',
  },
  'limit-min': { sentence: 'Never below {min}.', help: 'Setting limit-min.' },
  'limit-max': { sentence: 'Never above {max}.', help: 'Setting limit-max.' },
  'step-cap': {
    sentence: 'One step changes a limit at most to {allowed}; {wanted} was wanted.',
    help: '',
  },
  fixed: { sentence: 'The limit is fixed at {limit}.', help: 'Setting fixed-limit.' },
  unfixed: {
    sentence: 'The fixed limit ended: back to {limit}, which was learned before it.',
    help: '',
  },
  derived: {
    sentence: 'No objective was given; {objectiveUs} is derived from latency at low load.',
    help: 'Setting latency-objective.',
  },
  knee: {
    sentence:
      'No objective was given: {limit} is where more concurrency stops bringing throughput.',
    help: 'Setting latency-objective.',
  },
  'new-revision': {
    sentence: 'A new revision starts from the limit of the last one, {limit}.',
    help: 'It is cut on evidence only.',
  },
} as const satisfies Record<string, ReasonEntry>

export type ReasonCode = keyof typeof reasons

/** The sentence of a reason with its numbers in natural units. An unknown code (a newer log) is shown as it is. */
export function wordsOf(code: string, numbers: Readonly<Record<string, number>>): string {
  const entry: ReasonEntry | undefined = Object.hasOwn(reasons, code)
    ? reasons[code as ReasonCode]
    : undefined
  if (entry === undefined) return `${code} ${JSON.stringify(numbers)}`
  return filled(entry.sentence, numbers)
}

/** A sentence with its {names} filled; those without a number stay. */
export function filled(sentence: string, numbers: Readonly<Record<string, number>>): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = numbers[name]
    return value === undefined ? `{${name}}` : natural(name, value)
  })
}

/** A number by the unit in its name, as people read it. */
export function natural(name: string, value: number): string {
  if (name.endsWith('Permille')) return `${trim(value / 10)} %`
  if (name.endsWith('Milli')) return trim(value / 1000)
  if (name.endsWith('Us'))
    return value >= 1_000_000 ? `${trim(value / 1_000_000)} s` : `${trim(value / 1000)} ms`
  if (name.endsWith('Ms')) return value >= 1000 ? `${trim(value / 1000)} s` : `${trim(value)} ms`
  return trim(value)
}

function trim(value: number): string {
  return String(Math.round(value * 100) / 100)
}
