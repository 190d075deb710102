import test from 'ava'
import type { Issue } from '../../../core/model/schema.ts'
import {
  BadConfig,
  readAddress,
  readLevel,
  readParent,
  refuseAny,
  splitAddress,
} from '../../../core/runtime/environment.ts'

test('an address: host without brackets, and port', t => {
  t.deepEqual(splitAddress('[::1]:80'), { host: '::1', port: 80 })
  const issues: Issue[] = []
  t.deepEqual(readAddress('A', 'a.b:0', issues), { host: 'a.b', port: 0 })
  t.deepEqual(issues, [])
  for (const bad of ['', 'here', 'a:70000', 'a:-1']) readAddress('A', bad, issues)
  t.deepEqual(
    issues.map(issue => issue.got),
    ['nothing', '"here"', '"a:70000"', '"a:-1"'],
  )
})

test('an IPv6 host as Kubernetes writes it, without brackets', t => {
  const issues: Issue[] = []
  const read = (text: string) => readAddress('A', text, issues)
  t.deepEqual(read('fd00::1:8080'), { host: 'fd00::1', port: 8080 })
  t.deepEqual(read('fd00:10:244::5:80'), { host: 'fd00:10:244::5', port: 80 })
  t.deepEqual(read('1:2:3:4:5:6:7:8:80'), { host: '1:2:3:4:5:6:7:8', port: 80 })
  t.deepEqual(read('fd00:::80'), { host: 'fd00::', port: 80 }, 'what ends in :: too')
  t.deepEqual(issues, [])
  for (const bad of ['fd00::1', 'fd00::1:80000', '1:2:3:4:5:6:7:8', 'fd00::1:', 'fd00::1:x'])
    read(bad)
  t.deepEqual(
    issues.map(issue => issue.got),
    ['"fd00::1"', '"fd00::1:80000"', '"1:2:3:4:5:6:7:8"', '"fd00::1:"', '"fd00::1:x"'],
  )
})

test('every error at once, with the page that helps', t => {
  const issues: Issue[] = []
  t.is(readLevel('warn', issues), 'warn')
  t.true(readParent('stdin', issues))
  t.false(readParent('', issues))
  t.notThrows(() => refuseAny(issues, 'edge'))
  t.is(readLevel('loud', issues), 'info')
  t.false(readParent('me', issues))
  const error = t.throws(() => refuseAny(issues, 'edge'), { instanceOf: BadConfig })
  t.is(error.issues.length, 2)
  t.regex(error.message, /of the edge is wrong:\n.*LOG_LEVEL.*\n.*PARENT.*\nSee docs\/edge\.md\./)
})
