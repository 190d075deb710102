import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** What both dashboards share: UTC, the last half hour, any Prometheus, and a link to the other one. */
export function frame(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['outrigger'])
    .timezone('utc')
    .time({ from: 'now-30m', to: 'now' })
    .refresh('10s')
    .readonly()
    .link(
      new DashboardLinkBuilder('Outrigger')
        .type(DashboardLinkType.Dashboards)
        .tags(['outrigger'])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
}
