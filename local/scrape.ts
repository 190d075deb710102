import type { Route } from '../core/runtime/admin.ts'

/**
 * GET /v1/scrape: every /metrics page of the run, as Prometheus' `http_sd_configs` reads it, so that
 * replicas are scraped as they come and go. See dashboards/README.md.
 */
export function scrapeRoute(pages: () => Record<string, string[]>): Route {
  return {
    at: 'GET /v1/scrape',
    handle: () => ({
      status: 200,
      json: Object.entries(pages()).map(([component, targets]) => ({
        targets,
        labels: { component },
      })),
    }),
  }
}
