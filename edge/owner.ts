/** Which worker owns an endpoint: FNV-1a (32 bit) of its name, so that it is the same in each run. */
export function ownerOf(endpoint: string, workers: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < endpoint.length; i++) {
    hash = Math.imul(hash ^ endpoint.charCodeAt(i), 0x01000193) >>> 0
  }
  return hash % workers
}
