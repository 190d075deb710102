/** Messages and names of images are anybody's words: none of them may steer the terminal of who looks. */
export function plain(words: string): string {
  return words.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '?')
}
