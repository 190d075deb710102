/**
 * `import ... from 'node:http'` reads each of its exports once, and three of them load undici, Node's own fetch: 45 ms
 * of a start and 10 MB that nobody here needs. They are taken out before http is first imported.
 */
export function withoutUndici(): void {
  const http = process.getBuiltinModule('node:http')
  for (const name of ['WebSocket', 'CloseEvent', 'MessageEvent']) {
    if (Object.getOwnPropertyDescriptor(http, name)?.configurable !== true) continue
    Object.defineProperty(http, name, { value: undefined })
  }
}
