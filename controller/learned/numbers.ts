/** Three digits that say something: 0.0312, 41.3, 1230. */
export function plain(value: number): string {
  return String(Number(value.toPrecision(3)))
}

export function percent(share: number): string {
  return `${plain(share * 100)} %`
}
