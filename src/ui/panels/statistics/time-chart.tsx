import { useEffect, useRef, type JSX } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { onThemeChange } from '../../theme/apply-theme.ts';

export interface Series {
  readonly label: string;
  /** Name of a custom property that holds its colour. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface TimeChartProps {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  /** In the order they are stacked, if they are; never changes in number. */
  readonly series: readonly Series[];
  readonly isStacked?: boolean;
  /** Top of the scale; absent: what the values need. */
  readonly most?: number;
  readonly format: (value: number) => string;
}

const HEIGHT = 130;
/** What the chart shows, to the newest value; the same from the first value on, so that nothing is stretched. */
const WINDOW_S = 120;
/** The least top of a scale that follows its values: rounded ticks still differ. */
const LEAST_TOP = 10;

/** Values over time, drawn by uPlot; the legend beside it says what is what. */
export function TimeChart(props: TimeChartProps): JSX.Element {
  const { label, times, series, isStacked = false } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const first = useRef(props);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const draw = (): void => {
      const data = plot.current?.data ?? [[], ...first.current.series.map(() => [])];
      plot.current?.destroy();
      plot.current = new UPlot(chartOptions(element, first.current), data, element);
    };
    draw();
    const stopListening = onThemeChange(draw);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      stopListening();
      observer.disconnect();
      plot.current?.destroy();
    };
  }, []);

  useEffect(() => {
    const values = series.map((each) => [...each.values]);
    plot.current?.setData([times.map((ms) => ms / 1_000), ...(isStacked ? stacked(values) : values)]);
  });

  return <div ref={holder} className="time-chart" role="img" aria-label={label} />;
}

/** Each row on top of the rows after it: the first is drawn first and covered by the rest. */
function stacked(rows: readonly (readonly (number | null)[])[]): (number | null)[][] {
  return rows.map((row, i) => row.map((_, at) => rows.slice(i).reduce((sum, each) => sum + (each[at] ?? 0), 0)));
}

function chartOptions(element: HTMLElement, { series, isStacked, most, format }: TimeChartProps): UPlot.Options {
  const axis = { stroke: colorOf(element, '--muted'), grid: { stroke: colorOf(element, '--border'), width: 1 } };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    padding: [8, 4, 0, 0],
    scales: {
      x: { time: true, range: (_, __, newest) => windowTo(newest) },
      y: { range: (_, __, max) => [0, most ?? Math.max(LEAST_TOP, (max ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, ticks: { show: false }, values: '{HH}:{mm}:{ss}', space: 90, size: 24 },
      { ...axis, ticks: { show: false }, size: 56, values: (_, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...series.map(({ label, color }) => ({
        label,
        stroke: colorOf(element, color),
        width: isStacked === true ? 0 : 1.75,
        points: { show: false },
        ...(isStacked === true && { fill: colorOf(element, color) }),
      })),
    ],
  };
}

/** uPlot has no newest value (null) before the first. */
function windowTo(newest: number | null): [number, number] {
  const end = newest ?? Date.now() / 1_000;
  return [end - WINDOW_S, end];
}

/** The colour that a custom property stands for in the theme of now; a canvas does not know light-dark(). */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
