/** What this library uses of asciichart 1.5.25, which ships no types. */
declare module "asciichart" {
  interface Options {
    readonly height: number;
    readonly min: number;
    readonly max: number;
    format(value: number): string;
  }
  interface Chart {
    readonly cyan: string;
    readonly red: string;
    readonly yellow: string;
    colored(text: string, color: string): string;
    plot(series: readonly (readonly number[])[], options: Options): string;
  }
  const chart: Chart;
  export default chart;
}
