/** How the product starts itself, taken from where the product says so: a bench with flags of its own proves nothing. */

/** The image's words with this machine's Node and the tree's own dist/. */
export function productCommand(words: readonly string[], root: string): string[] {
  return [process.execPath, ...words.slice(1).map(word => word.replace(/^\/app\//, `${root}/`))]
}

/** The command of the edge's container, of the chart's manifests. */
export function edgeCommand(manifests: string): string[] {
  const words = /command: \[([^\]]+)\]\n +args: \[edge\]/.exec(manifests)?.[1]
  if (words === undefined) throw new Error('manifests: expected the command of the edge, got none')
  return words.split(',').map(word => word.trim())
}
