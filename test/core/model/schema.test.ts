import test from 'ava'
import fc from 'fast-check'
import {
  bool,
  check,
  int,
  list,
  map,
  nullable,
  object,
  oneOf,
  optional,
  sentence,
  text,
} from '../../../core/model/schema.ts'

const person = object({
  name: text(10, /^[a-z]+$/, 'a name in lower-case letters'),
  age: int(0, 150),
  kind: oneOf('guest', 'host'),
  tags: list(text(5), 2),
  home: nullable(object({ street: text() })),
  seats: map(int(1), 2),
  sober: optional(bool),
})
const good = { name: 'ann', age: 3, kind: 'host', tags: ['a'], home: null, seats: { a: 1 } }

const errors = (value: unknown): string[] => {
  const checked = check(person, value)
  return checked.ok ? [] : checked.issues.map(sentence)
}

test('a good value is let through as it is', t => {
  const checked = check(person, good)
  t.true(checked.ok && checked.value === (good as unknown))
  t.deepEqual(errors({ ...good, sober: true, home: { street: 'x' } }), [])
})

test('every error at once, each with its place, what was expected and what was got', t => {
  const bad = {
    name: 'Ann',
    age: 1.5,
    kind: 'thief',
    tags: ['much too long', 4],
    home: { street: 7 },
    seats: { a: 0 },
    sober: 'no',
  }
  t.deepEqual(errors(bad), [
    'name: expected a name in lower-case letters, got "Ann"',
    'age: expected an integer from 0 to 150, got 1.5',
    'kind: expected one of guest, host, got "thief"',
    'tags[0]: expected a string of at most 5 characters, got "much too long"',
    'tags[1]: expected a string of at most 5 characters, got 4',
    'home.street: expected a string of at most 200 characters, got 7',
    'seats.a: expected an integer from 1, got 0',
    'sober: expected true or false, got "no"',
  ])
})

test('what is missing, too long, or of another shape', t => {
  t.deepEqual(errors(null), ['the whole: expected a mapping, got null'])
  t.deepEqual(errors([1, 2]), ['the whole: expected a mapping, got a list of 2'])
  t.is(errors({}).length, 6)
  t.regex(
    errors({ ...good, tags: ['a', 'b', 'c'] })[0] ?? '',
    /a list of at most 2, got a list of 3/,
  )
  t.regex(
    errors({ ...good, seats: { a: 1, b: 1, c: 1 } })[0] ?? '',
    /at most 2 entries, got a mapping/,
  )
  t.regex(errors({ ...good, name: 'x'.repeat(500) })[0] ?? '', /got "x{57}\.\.\."$/)
})

test('unknown keys: let pass on the wire, errors in a file', t => {
  t.deepEqual(errors({ ...good, later: 1 }), [])
  const strict = check(object({ a: int() }, { strict: true }), { a: 1, b: 2 })
  t.deepEqual(strict.ok ? [] : strict.issues.map(sentence), [
    'b: expected a known key (a), got "b"',
  ])
})

test('keys that JavaScript gives a meaning are keys like any other', t => {
  const value: unknown = JSON.parse('{"__proto__": 1, "constructor": 0}')
  const checked = check(map(int(1), 5), value)
  t.deepEqual(checked.ok ? [] : checked.issues.map(issue => issue.path), ['constructor'])
  t.false(check(object({ constructor: int() }), {}).ok)
})

test('the number of errors is bounded', t => {
  const checked = check(
    list(int(), 1000),
    Array.from({ length: 1000 }, () => 'x'),
  )
  t.true(!checked.ok && checked.issues.length === 50)
})

test('no value makes a check throw', t => {
  fc.assert(fc.property(fc.anything(), value => typeof check(person, value).ok === 'boolean'))
  t.pass()
})
