import test from 'ava'
import { parseH2load, parseWrk } from '../../../bench/path/tools.ts'

const wrk = (more: string): string => `Running 1s test @ http://127.0.0.1:8080/31b
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.91ms    2.10ms  30.11ms   94.02%
    Req/Sec    69.91k     6.00k   81.02k    80.00%
  69553 requests in 1.00s, 12.54MB read
${more}Requests/sec:  69420.12
Transfer/sec:     12.51MB
`

test('wrk: requests in all and a second', t => {
  t.deepEqual(parseWrk(wrk('')), { count: 69_553, perSecond: 69_420.12, errors: 0 })
})

test('wrk: answers that are no success and broken connections are errors', t => {
  const more =
    '  Socket errors: connect 1, read 20, write 3, timeout 4\n  Non-2xx or 3xx responses: 500\n'
  t.is(parseWrk(wrk(more)).errors, 528)
  t.throws(() => parseWrk('unable to connect to 127.0.0.1'), { message: /expected counts/ })
})

test('h2load: what succeeded, a second, and all that did not', t => {
  const text = `finished in 1.01s, 96768.00 req/s, 5.54MB/s
requests: 96768 total, 96832 started, 96768 done, 96760 succeeded, 5 failed, 2 errored, 1 timeout
status codes: 96768 2xx, 0 3xx, 0 4xx, 0 5xx
`
  t.deepEqual(parseH2load(text), { count: 96_760, perSecond: 96_768, errors: 8 })
  t.throws(() => parseH2load('option --bad'), { message: /expected counts/ })
})
