/** From samples to the rows of the report. */
import type { Samples } from './rounds.ts';
import type { Budget, Comparison, Metric, Target } from './scenarios.ts';
import { median } from './statistics.ts';

export interface Row {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  /** Figures by column, in `unit`. A column that could not be measured is missing. */
  readonly values: Readonly<Record<string, number>>;
  readonly comparison?: Compared;
}

export interface Compared {
  readonly to: string;
  readonly by: 'ratio' | 'difference';
  readonly value: number;
  readonly budget?: Budget;
  readonly verdict?: 'pass' | 'short';
}

export function judge(comparison: Omit<Compared, 'verdict'>): Compared {
  const { budget, value } = comparison;
  if (!budget || Number.isNaN(value)) return comparison;
  const met = budget.limit === 'at least' ? value >= budget.value : value <= budget.value;
  return { ...comparison, verdict: met ? 'pass' : 'short' };
}

function compare(gateway: readonly number[], other: readonly number[], comparison: Comparison): Compared {
  // Round by round, so that a spell in which the machine is busy weighs on both sides.
  const perRound = gateway.flatMap((value, round) => {
    const against = other[round];
    if (against === undefined) return [];
    return [comparison.by === 'ratio' ? value / against : value - against];
  });
  return judge({ ...comparison, value: median(perRound) });
}

/** A row of figures per target, one figure per round; shown is the median. */
export function row(
  head: Pick<Metric, 'id' | 'label' | 'unit'>,
  figures: Partial<Record<Target, readonly number[]>>,
  comparison: Comparison,
): Row {
  const values: Record<string, number> = {};
  for (const [target, list] of Object.entries(figures)) values[target] = median(list);
  const other = figures[comparison.to];
  if (!figures.gateway || !other) return { ...head, values };
  return { ...head, values, comparison: compare(figures.gateway, other, comparison) };
}

export function metricRow(metric: Metric, samples: Samples): Row {
  const figures: Partial<Record<Target, number[]>> = {};
  if (samples.direct) figures.direct = samples.direct.map(metric.of);
  if (samples.relay) figures.relay = samples.relay.map(metric.of);
  if (samples.gateway) figures.gateway = samples.gateway.map(metric.of);
  const { id, label, unit } = metric;
  return row({ id, label, unit }, figures, metric.comparison);
}
