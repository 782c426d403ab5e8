/** docker compose's labels, which other tools read. */
export const PROJECT = 'com.docker.compose.project';
export const SERVICE = 'com.docker.compose.service';
export const ONE_OFF = 'com.docker.compose.oneoff';
