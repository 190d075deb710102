import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as SeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DataSourceRef,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'

/** What a panel says and asks. Units are Grafana's: reqps, s, bytes, percentunit, short, bool_on_off. */
export interface Panel {
  title: string
  /** What is seen and when to worry, in a sentence or two. */
  description: string
  unit: string
  queries: Query[]
  /** Of 24 columns. Default: 12 for a chart, 4 for a figure. */
  span?: number
}

export interface Query {
  expr: string
  legend: string
}

const source: DataSourceRef = { type: 'prometheus', uid: '${datasource}' }

function targets(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(({ expr, legend }, i) =>
    new DataqueryBuilder()
      .datasource(source)
      .refId(String.fromCharCode(65 + i))
      .expr(expr)
      .legendFormat(legend)
      .range(),
  )
}

/** Lines over time, with a legend that shows the last value. */
export function chart({ title, description, unit, queries, span = 12 }: Panel): SeriesBuilder {
  return new SeriesBuilder()
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unit)
    .min(0)
    .span(span)
    .height(8)
    .fillOpacity(8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .targets(targets(queries))
}

/** One number. `good` is the value from which it is green; below it is red. */
export function figure(panel: Panel, good: number | null = null): StatBuilder {
  const steps =
    good === null
      ? [{ value: null, color: 'text' }]
      : [
          { value: null, color: 'red' },
          { value: good, color: 'green' },
        ]
  return new StatBuilder()
    .title(panel.title)
    .description(panel.description)
    .datasource(source)
    .unit(panel.unit)
    .span(panel.span ?? 4)
    .height(4)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .targets(targets(panel.queries))
}
