import test from 'ava'
import { readConfig } from '../../aggregator/config.ts'
import { BadConfig } from '../../core/runtime/environment.ts'

test('defaults', t => {
  t.like(readConfig({}), {
    host: '127.0.0.1',
    port: 15030,
    token: null,
    logLevel: 'info',
    exitWithStdin: false,
  })
})

test('all that is given', t => {
  t.like(
    readConfig({
      OUTRIGGER_ADMIN: '[::1]:0',
      OUTRIGGER_TOKEN: 'x',
      OUTRIGGER_LOG_LEVEL: 'debug',
      OUTRIGGER_PARENT: 'stdin',
    }),
    { host: '::1', port: 0, token: 'x', logLevel: 'debug', exitWithStdin: true },
  )
})

test('every error at once, with what was expected and got', t => {
  const error = t.throws(
    () =>
      readConfig({ OUTRIGGER_ADMIN: 'here', OUTRIGGER_LOG_LEVEL: 'loud', OUTRIGGER_PARENT: 'me' }),
    { instanceOf: BadConfig },
  )
  t.regex(error.message, /OUTRIGGER_ADMIN: expected host:port, got "here"/)
  t.regex(
    error.message,
    /OUTRIGGER_LOG_LEVEL: expected one of debug, info, warn, error, got "loud"/,
  )
  t.regex(error.message, /OUTRIGGER_PARENT: expected stdin or nothing, got "me"/)
  t.throws(() => readConfig({ OUTRIGGER_ADMIN: '127.0.0.1:70000' }))
})
