/** Where the page is, as the address says it: #/, #/endpoint/NAMESPACE/NAME, #/endpoint/NAMESPACE/NAME/decision/ID. Pure. */
export interface Route {
  endpoint: string | null
  decision: string | null
}

export function readRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').map(decoded)
  if (parts[0] === 'decision') return { endpoint: null, decision: parts[1] || null }
  if (parts[0] !== 'endpoint') return { endpoint: null, decision: null }
  const at = parts.lastIndexOf('decision')
  const name = at > 1 ? parts.slice(1, at) : parts.slice(1)
  const endpoint = name.filter(part => part !== '').join('/')
  return {
    endpoint: endpoint === '' ? null : endpoint,
    decision: at > 1 ? parts[at + 1] || null : null,
  }
}

/** NAMESPACE/NAME as a part of an address. */
export function addressOf(endpoint: string): string {
  return endpoint.split('/').map(encodeURIComponent).join('/')
}

export function hashOf({ endpoint, decision }: Route): string {
  const place = endpoint === null ? '' : `endpoint/${addressOf(endpoint)}`
  const open = decision === null ? '' : `decision/${encodeURIComponent(decision)}`
  return `#/${[place, open].filter(part => part !== '').join('/')}`
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
