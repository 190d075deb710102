import { chromium, type Page } from 'playwright-core'

/** Debian's chromium on one page, with everything noted that a page should not do. */
export interface Browser {
  page: Page
  /** Console errors and uncaught exceptions, oldest first. */
  errors: string[]
  /** Requests to anywhere but `base`. */
  strays: string[]
  /** How much the content has jumped by itself since the page was loaded (CLS). */
  shift(): Promise<number>
  close(): Promise<void>
}

export async function openBrowser(base: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
      // What is not this machine is not found: nothing can leave it unseen.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const errors: string[] = []
  const strays: string[] = []
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', error => errors.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(`${base}/`)) strays.push(request.url())
  })
  await page.addInitScript({ content: WATCH_SHIFTS })
  return {
    page,
    errors,
    strays,
    shift: () => page.evaluate<number>('globalThis.shifted'),
    close: () => browser.close(),
  }
}

/** Runs in the page: sums the shifts that no input caused, but for the list that grows at its top. */
const WATCH_SHIFTS = `
  globalThis.shifted = 0
  new PerformanceObserver(list => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      const other = sources.filter(({ node }) => !node?.parentElement?.closest('.decisions, .glossary'))
      if (!hadRecentInput && other.length > 0) globalThis.shifted += value
    }
  }).observe({ type: 'layout-shift', buffered: true })
`
