# load.pl PROTOCOL ADDRESS SECONDS WHAT…: four clients, each of which asks for one of WHAT, reads the answer and rests
# for 5 ms. PROTOCOL: redis (WHAT: commands), memcached (commands of one line), http (paths; a connection each).
# ADDRESS: a path, or host:port. Exit code 1: one was not answered.
use strict;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Time::HiRes qw(time sleep);
my ($protocol, $address, $seconds, @what) = @ARGV;
my $end = time + $seconds;

sub open_one {
    return $address =~ m|^/| ? IO::Socket::UNIX->new(Peer => $address) : IO::Socket::INET->new($address);
}

sub question {
    my ($what) = @_;
    return "GET $what HTTP/1.0\r\nHost: h\r\n\r\n" if $protocol eq 'http';
    return "$what\r\n" if $protocol eq 'memcached';
    my @words = split / /, $what;
    return '*' . @words . "\r\n" . join('', map { '$' . length($_) . "\r\n$_\r\n" } @words);
}

# One line is enough of redis' answers here; memcached's get ends with END.
sub answered {
    my ($socket, $what) = @_;
    my $text = '';
    if ($protocol eq 'http') {
        local $/;
        $text = <$socket> // '';
        return $text =~ m|^HTTP/1.. 200|;
    }
    if ($protocol eq 'memcached') {
        do { $text = <$socket> // return 0 } until $what !~ /^get/ || $text =~ /^END/;
        return 1;
    }
    $text = <$socket> // return 0;
    $text = <$socket> // return 0 if $text =~ /^\$\d/;
    return $text !~ /^-/;
}

sub client {
    my ($number) = @_;
    my $socket;
    for (my $n = $number; time < $end; $n++) {
        $socket = open_one() if !$socket || $protocol eq 'http';
        my $what = $what[$n % @what];
        $socket or return 1;
        my ($line, $value) = split /\\n/, $what;
        print $socket question($line), defined $value ? "$value\r\n" : '';
        $socket->flush;
        answered($socket, $what) or return 1;
        sleep 0.005;
    }
    return 0;
}

$SIG{TERM} = sub { kill 'TERM', 0 };
my @children = map { my $n = $_; my $pid = fork; exit client($n) if $pid == 0; $pid } 1 .. 4;
my $bad = 0;
for (@children) { waitpid $_, 0; $bad |= $? }
exit($bad ? 1 : 0);
