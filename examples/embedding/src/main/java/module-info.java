/** Three programs that embed Ashlar. */
module example {
  requires dev.ashlar.engine;
}
