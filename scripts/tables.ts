/** Markdown tables. */
export function head(names: string[]): string {
  return `${line(names)}\n${line(names.map(() => '---'))}`
}

export function line(parts: string[]): string {
  return `| ${parts.join(' | ')} |`
}
