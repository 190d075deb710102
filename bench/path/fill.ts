/** Fills {{name}} in; throws where there is no value for one. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`{{${name}}}: expected a value, got none`)
    return String(value)
  })
}
