/** Default ports, one table; docs/ports.md lists the same. Locally the platform chooses free ones. */
export const ports = {
  traffic: { port: 15080, who: 'sidecar', what: 'requests for the model' },
  admin: { port: 15021, who: 'sidecar', what: 'samples, orders, health, drain' },
  metrics: { port: 15020, who: 'sidecar', what: '/metrics' },
  edge: {
    port: 15001,
    who: 'edge',
    what: 'samples, health, /metrics; traffic ports come from the replica table',
  },
  aggregator: { port: 15030, who: 'aggregator', what: 'targets, windows, health, /metrics' },
  controller: {
    port: 15040,
    who: 'controller',
    what: 'replica table, log, live page, health, /metrics',
  },
  webhook: { port: 15443, who: 'controller', what: 'webhooks that the API server asks (HTTPS)' },
  platform: { port: 15050, who: 'up', what: 'the local platform: processes and their state' },
} as const
