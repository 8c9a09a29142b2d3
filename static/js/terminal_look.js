// The appearance of terminals, live and replayed.
export const FONT = '"IBM Plex Mono", ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
export const THEME = {
  background: "#12191d", foreground: "#d7e0e4", cursor: "#f0a15e", selectionBackground: "#3b5866",
  black: "#1b2429", red: "#f28b82", green: "#7bd88f", yellow: "#f2c55c", blue: "#82b1ff", magenta: "#d7a1f0", cyan: "#6fd3dd", white: "#cfd8dc",
  brightBlack: "#7b8a92", brightRed: "#ff9a90", brightGreen: "#93e6a4", brightYellow: "#ffd772", brightBlue: "#9cc3ff", brightMagenta: "#e5b6fb", brightCyan: "#8be4ec", brightWhite: "#ffffff",
};
